/* Hours of the archive as its readers see them: which there are, their files, and what a batch run has read of them. */
#ifndef ANTENNA_POSTGRES_HOURS_H
#define ANTENNA_POSTGRES_HOURS_H

#include <stdbool.h>

#include "postgres/client.h"

/** One hour. */
struct hour_entry {
    int64_t hour; /* its first second */
    int64_t rows; /* that are listed */
    bool sealed;  /* every partition of every job is archived past its end: only late events are still to come */
};

struct hour_list {
    struct hour_entry *list;
    size_t count;
};

/** Frees the list. Fits cleanup(). */
void hour_list_release(struct hour_list *hours);

/** All hours from `from` to `to`, both inclusive, whether the archive has something of them or not. */
int hours_in_range(struct postgres *postgres, int64_t from, int64_t to, struct hour_list *ret_hours,
                   struct error *error) must_check;

/** The hours of the range that are sealed, and have had no batch run or were changed since. */
int hours_pending(struct postgres *postgres, int64_t from, int64_t to, struct hour_list *ret_hours, struct error *error)
    must_check;

/** Reads hours by a statement that gives the columns of select_hours.sql. */
int hours_select(struct postgres *postgres, const char *sql, int64_t from, int64_t to, struct hour_list *ret_hours,
                 struct error *error) must_check;

/** A file that the list has of an hour. Times are seconds since the Unix epoch. */
struct listed_file {
    char *path;        /* below the folder that holds year=… */
    char *job, *topic; /* whose messages its rows are */
    int64_t rows;
    int64_t bytes_total;
    int64_t size; /* bytes */
    int64_t min_timestamp, max_timestamp;
    bool replaced; /* by another, which has its rows: no part of the archive any more */
};

struct listed_files {
    struct listed_file *list;
    size_t count;
};

/** Whether the list has a file of that path below the folder that holds year=…. */
bool listed_files_have(const struct listed_files *files, const char *path);

/** Frees the list. Fits cleanup(). */
void listed_files_release(struct listed_files *files);

/** Waits until no other batch run of the hour is under way, and keeps others out until the transaction ends. */
int hours_lock(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** As hours_lock(), but for the session, until hours_let_go(). */
int hours_hold(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** Lets batch runs of the hour in again. */
int hours_let_go(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** The files that the list has of the hour. */
int hours_files(struct postgres *postgres, int64_t hour, struct listed_files *ret_files, struct error *error)
    must_check;

/**
 * Has PostgreSQL end the session when it does nothing for 10 s before the transaction ends: to be called before the
 * hour's row is locked, for which the speed layer would wait.
 */
int hours_limit_idle_time(struct postgres *postgres, struct error *error) must_check;

/** What a batch run has read of an hour: of listed files and of others. */
struct batch_input {
    int64_t listed_rows, listed_bytes;
    int64_t unlisted_rows, unlisted_bytes;
};

/** Notes what a run has read. Tells whether a run was noted before. */
int hours_note_batch(struct postgres *postgres, int64_t hour, const struct batch_input *input, bool *ret_rerun,
                     struct error *error) must_check;

#endif
