/* What the batch layer serves by --listen: its metrics, and whether it is alive and ready. */
#ifndef ANTENNA_BATCH_METRICS_H
#define ANTENNA_BATCH_METRICS_H

#include <pthread.h>

#include "metrics/counter.h"
#include "metrics/server.h"

/** An hour that takes longer than this is stuck. */
#define BATCH_ALIVE_MS (60 * 60 * 1000)

/** An answer of PostgreSQL that takes longer than this may not come. */
#define BATCH_READY_MS 5000

/** Written by the job's thread, read by the server's. */
struct batch_metrics {
    atomic_int_fast64_t done; /* hours */
    atomic_int_fast64_t failed;
    atomic_int_fast64_t rows; /* of hours that are done */
    atomic_int_fast64_t bytes;
    atomic_int_fast64_t pending;   /* hours */
    atomic_int_fast64_t last_look; /* seconds since the Unix epoch; 0: none */
    atomic_int_fast64_t turned_ms; /* when the loop came round last, monotonic */
    atomic_int_fast64_t asked_ms;  /* since when an answer of PostgreSQL is waited for, monotonic; 0: none is */
    atomic_int_fast64_t outages;
    atomic_int_fast64_t postgres_connects;
    struct histogram durations; /* of hours */
    pthread_mutex_t lock;       /* of: */
    char reason[1024];          /* why it is not ready; empty when it is */
};

/** Readies it: nothing is done, and it is not ready. Free with batch_metrics_release(). */
void batch_metrics_init(struct batch_metrics *metrics);

/** Frees it, after the server is closed. */
void batch_metrics_release(struct batch_metrics *metrics);

/** Says why the job is not ready, or that it is, by an empty reason. */
void batch_metrics_set_reason(struct batch_metrics *metrics, const char *reason);

/** Notes that the loop has made a turn. */
void batch_metrics_turn(struct batch_metrics *metrics);

/** Notes that an answer of PostgreSQL is waited for from now on, or no longer. */
void batch_metrics_await(struct batch_metrics *metrics, bool awaited);

/** Begins to serve, if --listen says so; see metrics_server_open(). */
int batch_metrics_serve(struct batch_metrics *metrics, const struct config *config, struct metrics_server **ret_server,
                        struct error *error) must_check;

#endif
