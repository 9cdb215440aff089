/* What notify serves by --listen: its metrics, and whether it is alive and ready. */
#ifndef ANTENNA_NOTIFY_METRICS_H
#define ANTENNA_NOTIFY_METRICS_H

#include <pthread.h>

#include "metrics/counter.h"
#include "metrics/server.h"

/** A turn of the loop, in which the notices of one second may each wait for their server, takes no longer. */
#define NOTIFY_ALIVE_MS (10 * 60 * 1000)

/** Written by the thread of notify, read by the server's. */
struct notify_metrics {
    atomic_int_fast64_t sent;
    atomic_int_fast64_t put_off; /* attempts that failed, and are followed by another */
    atomic_int_fast64_t skipped;
    atomic_int_fast64_t dead;
    atomic_int_fast64_t waiting_now, dead_now; /* in the outbox */
    atomic_int_fast64_t silent_now;            /* antennas; -1 while they cannot be judged, or nobody looks */
    atomic_int_fast64_t last_look;             /* seconds since the Unix epoch; 0: none */
    atomic_int_fast64_t turned_ms;             /* when the loop came round last, monotonic */
    atomic_int_fast64_t outages;
    atomic_int_fast64_t postgres_connects;
    struct histogram durations; /* of attempts */
    pthread_mutex_t lock;       /* of: */
    char reason[1024];          /* why it is not ready; empty when it is */
};

/** Readies it: nothing is done, and it is not ready. Free with notify_metrics_release(). */
void notify_metrics_init(struct notify_metrics *metrics);

/** Frees it, after the server is closed. */
void notify_metrics_release(struct notify_metrics *metrics);

/** Says why notify is not ready, or that it is, by an empty reason. */
void notify_metrics_set_reason(struct notify_metrics *metrics, const char *reason);

/** Begins to serve, if --listen says so; see metrics_server_open(). */
int notify_metrics_serve(struct notify_metrics *metrics, const struct config *config,
                         struct metrics_server **ret_server, struct error *error) must_check;

#endif
