/*
 * Rows of one hour to one Parquet file. DuckDB reads our columns through a table function and encodes them; ids are
 * handed over as codes of an ENUM of the file's own names, which Parquet then holds as plain strings with a dictionary.
 */
#ifndef ANTENNA_ARCHIVE_PARQUET_H
#define ANTENNA_ARCHIVE_PARQUET_H

#include "archive/rows.h"
#include "base/buffer.h"
#include "base/error.h"

/** Rows of a row group at most. */
#define PARQUET_ROW_GROUP_ROWS 1000000

/** How files are compressed; the order is that of --compression. */
enum parquet_codec { PARQUET_ZSTD, PARQUET_SNAPPY };

struct parquet;

/** Makes a writer; it belongs to one thread. Close with parquet_close(). */
int parquet_open(enum parquet_codec codec, struct parquet **ret_parquet, struct error *error) must_check;

/** Frees the writer; NULL is fine. */
void parquet_close(struct parquet *parquet);

/**
 * Writes the rows to a new file at `path` and waits until they are on disk. Columns: the fields of field.h, the time
 * as INT64 microseconds, UTC-adjusted; texts that are absent are NULL. Returns the file's size in bytes. Errors:
 * ERROR_UNAVAILABLE for input and output, with the file left for its owner to delete. Another thread may be adding
 * names to the dictionary.
 */
int parquet_write(struct parquet *parquet, const struct rows_hour *hour, const struct dictionary *dictionary,
                  const char *path, int64_t *ret_size, struct error *error) must_check;

/** Appends to a COPY where it writes and how: the format of all files of the archive. */
void parquet_append_target(struct buffer *sql, const char *path, enum parquet_codec codec);

#endif
