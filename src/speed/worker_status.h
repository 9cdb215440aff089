/*
 * The worker's status, for other threads: its partitions as of its last post, and why it is not ready. The worker posts
 * it some times a second, and before it waits for a commit or roll. The age of the post shows a worker that hangs.
 *
 * Only the worker's thread posts. Metrics, readiness and progress read copies; so no reader ever waits for a worker
 * that is inside a call to PostgreSQL or Kafka.
 */
#ifndef ANTENNA_SPEED_WORKER_STATUS_H
#define ANTENNA_SPEED_WORKER_STATUS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/** Room for the message of a struct error, which is the longest part of a reason, and the words before it. */
#define WORKER_REASON_SIZE 1280

/** A partition that the worker has claimed, or had claimed before the present outage. */
struct partition_snapshot {
    int32_t id;
    int64_t epoch;
    int64_t totals_offset;
    int64_t archive_offset;
    int64_t end_offset;     /* where Kafka's partition ends; never before totals_offset */
    int64_t totalled_until; /* event time that the totals have reached, seconds since the Unix epoch; 0: unknown */
};

/** One post. */
struct worker_snapshot {
    struct partition_snapshot *list;
    size_t count;
    int64_t posted_ms;               /* monotonic; 0: never */
    char reason[WORKER_REASON_SIZE]; /* why the worker is not ready; empty when it is */
};

struct worker_status {
    pthread_mutex_t lock;
    struct worker_snapshot snapshot;
};

/** Readies it. Free with worker_status_release(). */
void worker_status_init(struct worker_status *status);

/** Frees what it holds. */
void worker_status_release(struct worker_status *status);

/** Posts the status of a worker, by its own thread. */
void worker_status_post(struct worker *worker, int64_t now_ms);

/** A copy of what was posted last, for any thread. Free with worker_snapshot_release(). */
void worker_status_copy(struct worker_status *status, struct worker_snapshot *ret_snapshot);

/** Frees a copy. Fits cleanup(). */
void worker_snapshot_release(struct worker_snapshot *snapshot);

#endif
