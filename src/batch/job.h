/*
 * One call of batch: its hours, its connections and their results. It runs in one thread; with --listen the server's
 * threads read `metrics` only.
 */
#ifndef ANTENNA_BATCH_JOB_H
#define ANTENNA_BATCH_JOB_H

#include "archive/identity.h"
#include "base/terminal.h"
#include "batch/batch.h"
#include "batch/metrics.h"
#include "batch/prune.h"

/** An hour that failed is left alone for some time. */
struct failed_hour {
    int64_t hour;
    int64_t retry_at_ms; /* monotonic */
};

struct batch_job {
    struct batch_tools tools;
    const struct batch_listener *listener;
    int64_t from, to;                  /* first seconds of the first and last hour */
    int64_t held;                      /* hours of the range, as they were logged last */
    char archive_id[DATA_SET_ID_SIZE]; /* of the storage path; empty: it has none, or is not looked at yet */
    struct bar bar;
    struct failed_hour *failed;
    size_t failed_count;
    enum error_code failure; /* the most severe one */
    struct batch_summary summary;
    struct batch_metrics metrics;
    struct prune_limits limits; /* of --follow */
    bool prunes;                /* there is one */
    int64_t pruned_hour;        /* of the clock, in which it was pruned last */
};

/** Refuses a range of hours that ends before it begins, or that is longer than one call may name. Error: ERROR_USAGE.
 */
int batch_check_range(int64_t from, int64_t to, struct error *error) must_check;

/** Reads the configuration, connects and checks. Release with batch_job_release() also after a failure. */
int batch_job_open(struct batch_job *job, const struct config *config, const struct batch_listener *listener,
                   struct error *error) must_check;

/** Connects to PostgreSQL and checks the database, which may be another's or migrated since, unless the job is
 * connected. */
int batch_job_connect(struct batch_job *job, struct error *error) must_check;

/** Notifies metrics and service manager that the loop has made a turn. */
void batch_job_turn(struct batch_job *job);

/** Frees what it holds. Fits cleanup(). */
void batch_job_release(struct batch_job *job);

/** The hours to run now. */
int batch_job_hours(struct batch_job *job, struct hour_list *ret_hours, struct error *error) must_check;

/**
 * Runs hours one after the other until a stop is asked for. Errors: the hour's own when it is the only one;
 * ERROR_UNAVAILABLE when the connection is lost. Other hours that fail are logged and counted.
 */
int batch_job_run(struct batch_job *job, const struct hour_list *hours, struct error *error) must_check;

#endif
