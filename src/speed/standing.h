/*
 * How a worker stands, for other threads: its partitions as of a moment ago, and whether it can do its work to the end.
 * The worker posts it some times a second, and before each commit and roll; a worker that does not is busy, or stuck.
 */
#ifndef ANTENNA_SPEED_STANDING_H
#define ANTENNA_SPEED_STANDING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

#define STANDING_REASON_SIZE 1280

/** A partition that the worker has claimed, or had before an outage that goes on. */
struct standing_partition {
    int32_t id;
    int64_t epoch;
    int64_t totals_offset;
    int64_t archive_offset;
    int64_t end_offset;     /* where Kafka's partition ends; never before totals_offset */
    int64_t totalled_until; /* event time that the totals have reached, seconds since the Unix epoch; 0: unknown */
};

/** What was posted last. */
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
