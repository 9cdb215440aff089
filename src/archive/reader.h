/*
 * Reads Parquet files by DuckDB, with a thread for each processor: rows by their footers, sums by their rows. One
 * reader belongs to one thread.
 */
#ifndef ANTENNA_ARCHIVE_READER_H
#define ANTENNA_ARCHIVE_READER_H

#include "archive/staging.h"
#include "record/dictionary.h"

struct reader;

/** One total of an hour. */
struct hour_total {
    enum dimension dimension;
    struct slice name;
    int64_t events;
    int64_t bytes;
};

/** What the rows of one file say; times are seconds since the Unix epoch, 0 when there is no row. */
struct file_content {
    int64_t rows;
    int64_t bytes_total;
    int64_t min_timestamp, max_timestamp;
};

/** Takes one total; returns 0, or -1 with an error, which ends the reading. */
typedef int (*hour_total_function)(void *context, const struct hour_total *total, struct error *error);

/** Makes a reader. Close with reader_close(). */
int reader_open(struct reader **ret_reader, struct error *error) must_check;

/** Frees it; NULL is fine. */
void reader_close(struct reader *reader);

/** Fits cleanup(). */
void reader_cleanup(struct reader **reader);

/** Rows of each file, by its footer alone: ret_rows[i] for paths[i]. Errors: as reader_sum(). */
int reader_count_rows(struct reader *reader, const struct file_names *paths, int64_t *ret_rows, struct error *error)
    must_check;

/** What one file's rows say. Needs the column timestamp besides. Errors: as reader_sum(). */
int reader_inspect(struct reader *reader, const char *path, struct file_content *ret_content, struct error *error)
    must_check;

/**
 * Sums the files' bytes by antenna, by app and by user in one scan, and gives each total to `take`, in the order of
 * (label, name). Errors: ERROR_MISTAKE for files without the columns id, antenna_id, app and bytes, for events without
 * a name, and for a sum that exceeds int64; ERROR_WORLD for input and output; each naming the file when it is one
 * file's fault; and those of `take`.
 */
int reader_sum(struct reader *reader, const struct file_names *paths, hour_total_function take, void *context,
               struct error *error) must_check;

#endif
