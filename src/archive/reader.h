/* Sums over Parquet files, by DuckDB. */
#ifndef ANTENNA_ARCHIVE_READER_H
#define ANTENNA_ARCHIVE_READER_H

#include "archive/staging.h"
#include "record/dictionary.h"

/** One total of an hour. */
struct hour_total {
    enum dimension dimension;
    struct slice name;
    int64_t events;
    int64_t bytes;
};

/** Takes one total; returns 0, or -1 with an error, which ends the reading. */
typedef int (*hour_total_function)(void *context, const struct hour_total *total, struct error *error);

/** Rows of each file, by its footer alone: ret_rows[i] for paths[i]. */
int reader_count_rows(const struct file_names *paths, int64_t *ret_rows, struct error *error) must_check;

/**
 * Sums the files' bytes by antenna, by app and by user in one scan, and gives each total to `take`, in the order of
 * (label, name). Errors: ERROR_MISTAKE for files without the columns id, antenna_id, app and bytes, for events without
 * a name, and for a sum that exceeds int64; ERROR_WORLD for input and output; and those of `take`.
 */
int reader_sum(const struct file_names *paths, hour_total_function take, void *context, struct error *error) must_check;

#endif
