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

/**
 * The hours of the range that are sealed, and have had no batch run or were changed since. An hour whose totals did not
 * come from this archive is held and not among them; `mixed` also wants those of a run that read other files, too.
 */
int hours_pending(struct postgres *postgres, int64_t from, int64_t to, bool mixed, struct hour_list *ret_hours,
                  struct error *error) must_check;

/** How many hours of the range are held: view antenna.hour_state. */
int hours_count_held(struct postgres *postgres, int64_t from, int64_t to, int64_t *ret_count, struct error *error)
    must_check;

/** Reads hours by a statement that gives the columns of select_hours.sql. */
int hours_select(struct postgres *postgres, const char *sql, const struct parameters *parameters,
                 struct hour_list *ret_hours, struct error *error) must_check;

/** A file that the list has of an hour. Times are seconds since the Unix epoch. */
struct listed_file {
    char *path;        /* below the folder that holds year=… */
    char *job, *topic; /* whose messages its rows are */
    int64_t rows;
    int64_t bytes_total;
    int64_t size; /* bytes */
    int64_t min_timestamp, max_timestamp;
    bool replaced; /* by another, which has its rows, or removed: no part of the archive any more */
    bool added;    /* its rows are in the hourly totals of an hour whose earlier files were removed */
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

/** As hours_lock(), but of the session, until hours_release(). */
int hours_hold(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** Lets batch runs of the hour in again. */
int hours_release(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** As hours_release() at the end of what was done: a lost connection has released the hour, and the next statement
 * fails. */
void hours_try_release(struct postgres *postgres, int64_t hour);

/** The files that the list has of the hour. */
int hours_files(struct postgres *postgres, int64_t hour, struct listed_files *ret_files, struct error *error)
    must_check;

/**
 * Has PostgreSQL end the session when it does nothing for 10 s before the transaction ends: to be called before the
 * hour's row is locked, for which the speed layer would wait.
 */
int hours_limit_idle_time(struct postgres *postgres, struct error *error) must_check;

/** What the tables of the batch layer have of an hour. */
struct hour_totals {
    int64_t bytes_most; /* of the label with the most; of doubled rows the largest counts */
    int64_t rows;
    int64_t exceeded; /* users over their quota */
    bool others;      /* they are held, and no run has noted them: another job made them */
};

/** Reads what the tables have of an hour; `others` remains false. */
int hours_totals(struct postgres *postgres, const char *bytes_hourly, const char *user_quota_limit, int64_t hour,
                 struct hour_totals *ret_totals, struct error *error) must_check;

/** Whether another job made the totals of an hour: hour_totals.others. */
int hours_have_other_totals(struct postgres *postgres, int64_t hour, bool *ret_others, struct error *error) must_check;

/** What a batch run has read of an hour: of listed files and of others. */
struct batch_input {
    int64_t listed_rows, listed_bytes;
    int64_t unlisted_rows, unlisted_bytes;
};

/** What retention has removed of an hour, and whether late events came after its last batch run. */
struct pruned_parts {
    bool totals, archive, hourly;
    bool dirty;
};

/** Reads it; `hold` keeps the hour as it is until the transaction ends. */
int hours_pruned(struct postgres *postgres, int64_t hour, bool hold, struct pruned_parts *ret_parts,
                 struct error *error) must_check;

/** Notes that so many rows and bytes, of files with these paths, were added to the hourly totals of an hour. */
int hours_note_late(struct postgres *postgres, int64_t hour, int64_t rows, int64_t bytes, const char *const *paths,
                    size_t count, struct error *error) must_check;

/** Reads how many bytes the last run of an hour read, 0 when none is noted. */
int hours_noted(struct postgres *postgres, int64_t hour, int64_t *ret_listed_bytes, int64_t *ret_unlisted_bytes,
                struct error *error) must_check;

/** Notes what a run has read. Returns whether a run was noted before. */
int hours_note_batch(struct postgres *postgres, int64_t hour, const struct batch_input *input, bool *ret_rerun,
                     struct error *error) must_check;

#endif
