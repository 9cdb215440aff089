/* What the speed layer serves by --listen: its metrics, and whether it is alive and ready. */
#ifndef ANTENNA_SPEED_METRICS_H
#define ANTENNA_SPEED_METRICS_H

#include "metrics/server.h"
#include "speed/worker.h"

/** A worker whose loop has not run for this long is stuck: the group has assigned its partitions to others by then
 * (max.poll.interval.ms of librdkafka). */
#define ALIVE_MS 300000

/** A worker whose loop has not run for this long waits for an answer that may not come. */
#define READY_MS 5000

/** What the metrics are of; must outlive the server. */
struct speed_metrics {
    const struct job *job;
    struct worker *workers;
    size_t count;
};

/** Begins to serve, if --listen says so; see metrics_server_open(). */
int speed_metrics_serve(struct speed_metrics *metrics, struct metrics_server **ret_server, struct error *error)
    must_check;

/** Whether every worker has posted within ALIVE_MS before `now_ms`; if not, writes which has not. */
bool speed_is_alive(const struct speed_metrics *metrics, int64_t now_ms, struct buffer *reason);

/** When the worker that posted first posted last, in milliseconds of the monotonic clock; 0 when one never has. */
int64_t speed_posted_ms(const struct speed_metrics *metrics);

/** Whether every worker was ready at its last post, within READY_MS before `now_ms`; if not, writes why. */
bool speed_is_ready(const struct speed_metrics *metrics, int64_t now_ms, struct buffer *reason);

#endif
