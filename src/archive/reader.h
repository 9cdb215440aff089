/*
 * Reads Parquet files by DuckDB, with a thread for each processor: rows by their footers, sums by their rows. One
 * reader belongs to one thread.
 */
#ifndef ANTENNA_ARCHIVE_READER_H
#define ANTENNA_ARCHIVE_READER_H

#include "archive/foreign.h"
#include "archive/staging.h"
#include "record/dictionary.h"

struct reader;

/** One total of an hour, or of one of its windows. */
struct hour_total {
    enum total_kind kind;
    struct slice id;
    int64_t window; /* its first second; 0 where the hour is not divided */
    int64_t events; /* that it is of */
    int64_t value;  /* in the unit of its kind */
};

/** What the rows of one file say; times are seconds since the Unix epoch, 0 when there is no row. */
struct file_content {
    int64_t rows;
    int64_t bytes_total;
    int64_t min_timestamp, max_timestamp;
};

/** Takes one total; returns 0, or -1 with an error, which ends the reading. */
typedef int (*hour_total_function)(void *context, const struct hour_total *total, struct error *error);

/** Where a reader reads, and with what. */
struct reader_settings {
    const char *storage_path; /* near which it spills what memory does not hold; NULL: where temporary files go */
    int64_t memory_limit;     /* bytes; 0: the default */
};

/** Makes a reader. Close with reader_close(). Errors: those of spill_open(). */
int reader_open(const struct reader_settings *settings, struct reader **ret_reader, struct error *error) must_check;

/** Frees it; NULL is fine. */
void reader_close(struct reader *reader);

/** Fits cleanup(). */
void reader_cleanup(struct reader **reader);

/** What its database may use. */
struct database_limits reader_limits(const struct reader *reader);

/** The database that it reads by. */
struct database *reader_database(struct reader *reader);

/** Rows of each file, by its footer alone: ret_rows[i] for paths[i]. Errors: as reader_sum(). */
int reader_count_rows(struct reader *reader, const struct file_names *paths, int64_t *ret_rows, struct error *error)
    must_check;

/** What one file's rows say. Errors: as reader_sum(). */
int reader_inspect(struct reader *reader, const char *path, struct file_content *ret_content, struct error *error)
    must_check;

/** As foreign_inspect(), which names the file also when DuckDB does not. */
int reader_inspect_foreign(struct reader *reader, struct foreign_files *files, struct foreign_rejects *ret_rejects,
                           struct error *error) must_check;

/** The files of an hour. */
struct reader_files {
    const struct file_names *own;        /* whose rows all count */
    const struct foreign_files *foreign; /* inspected; NULL: none */
};

/**
 * Computes the totals of the kinds in one scan of the files, and gives each to `take`, in the order of (label, id).
 * Errors: ERROR_CONFIGURATION for files without the columns of the required fields or with other types, for events
 * without a name, and for a sum that is negative or exceeds int64; ERROR_UNAVAILABLE for input and output; each naming
 * the file when it is one file's fault; and those of `take`.
 */
int reader_sum(struct reader *reader, const struct reader_files *files, total_kind_set kinds, hour_total_function take,
               void *context, struct error *error) must_check;

/** The same for each window of so many seconds, which divide an hour; the totals come in no order. */
int reader_sum_windows(struct reader *reader, const struct reader_files *files, total_kind_set kinds, int64_t window,
                       hour_total_function take, void *context, struct error *error) must_check;

#endif
