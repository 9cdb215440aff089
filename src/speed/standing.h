/*
 * The worker's status, for other threads: its partitions as of its last post, and why it is not ready. The worker posts
 * it some times a second, and before it waits for a commit or roll. The age of the post shows a worker that hangs.
 *
 * Only the worker's thread posts. Metrics, readiness and progress read copies; so no reader ever waits for a worker
 * that is inside a call to PostgreSQL or Kafka.
 */
#ifndef ANTENNA_SPEED_STANDING_H
#define ANTENNA_SPEED_STANDING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/** Room for the message of a struct error, which is the longest part of a reason, and the words before it. */
#define STANDING_REASON_SIZE 1280

/** A partition that the worker has claimed, or had claimed before the present outage. */
struct standing_partition {
    int32_t id;
    int64_t epoch;
    int64_t totals_offset;
    int64_t archive_offset;
    int64_t end_offset;     /* where Kafka's partition ends; never before totals_offset */
    int64_t totalled_until; /* event time that the totals have reached, seconds since the Unix epoch; 0: unknown */
};

/** One post. */
struct standing_view {
    struct standing_partition *list;
    size_t count;
    int64_t posted_ms;                 /* monotonic; 0: never */
    char reason[STANDING_REASON_SIZE]; /* why the worker is not ready; empty when it is */
};

struct standing {
    pthread_mutex_t lock;
    struct standing_view view;
};

/** Readies it. Free with standing_release(). */
void standing_init(struct standing *standing);

/** Frees what it holds. */
void standing_release(struct standing *standing);

/** Posts the status of a worker, by its own thread. */
void standing_post(struct worker *worker, int64_t now_ms);

/** A copy of what was posted last, for any thread. Free with standing_view_release(). */
void standing_look(struct standing *standing, struct standing_view *ret_view);

/** Frees a copy. Fits cleanup(). */
void standing_view_release(struct standing_view *view);

#endif
