/* Parquet files of the archive become one, by DuckDB. */
#ifndef ANTENNA_ARCHIVE_MERGE_H
#define ANTENNA_ARCHIVE_MERGE_H

#include "archive/database.h"
#include "archive/parquet.h"

/** An id that the rows of a user get instead of their own. */
struct changed_id {
    const char *from, *to;
};

/**
 * Writes the rows of all `paths`, in their order, to a new file at `to`, with the columns and in the format of
 * parquet_write(), and waits until it is on disk. `changed` is NULL where all ids stay. Returns its size in bytes. One
 * thread does it, to leave the others to those who wait for their work. `limits` are as database_open()'s. Errors:
 * ERROR_CONFIGURATION for a file that cannot be read, ERROR_UNAVAILABLE for input and output, with the new file left
 * for its owner to delete.
 */
int merge_files(const struct database_limits *limits, const struct file_names *paths, const struct changed_id *changed,
                const char *to, enum parquet_codec codec, int64_t *ret_size, struct error *error) must_check;

#endif
