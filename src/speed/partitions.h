/*
 * The partitions of one worker and how far each is read, committed and archived. Totals and archive are two sides that
 * do not wait for each other: either offset of a claimed partition may be ahead, of the other and, when it is read
 * again for the other, of next_offset. What lies from totals_offset to next_offset is in memory as totals. What lies
 * from archive_offset to rolling_offset is in the roll under way, and from there to next_offset in memory as rows.
 */
#ifndef ANTENNA_SPEED_PARTITIONS_H
#define ANTENNA_SPEED_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "postgres/progress.h"

/** What one side has added since its last commit, or since the last roll began. */
struct partition_delta {
    int64_t records;
    int64_t rejected;
    int64_t bytes;
    int64_t until; /* event time that was reached: the latest, none counted as later than its arrival, and none that is
                      ahead of the clock; 0: none */
};

struct partition {
    int32_t id;
    bool reading;  /* the consumer fetches it */
    int64_t epoch; /* of our claim; 0 when it is not claimed */
    int64_t totals_offset;
    int64_t archive_offset;
    int64_t rolling_offset; /* archive_offset when the roll under way has ended */
    int64_t next_offset;
    int64_t totalled_until;   /* event time that the totals have reached since the claim; 0: unknown */
    int64_t confirmed_offset; /* of a claim that was given up: the totals_offset of its last commit */
    struct partition_delta to_total;
    struct partition_delta to_archive;
};

/** Zero-initialise. Entries are in ascending order of id. */
struct partitions {
    struct partition *list;
    size_t count;
};

/** Frees it. */
void partitions_release(struct partitions *partitions);

/** Adds a partition that is neither claimed nor being read; one that is there is left alone. */
void partitions_add(struct partitions *partitions, int32_t id);

/** Removes a partition if it is there. */
void partitions_remove(struct partitions *partitions, int32_t id);

/** The partition of that number, or NULL. Valid until one is added or removed. */
struct partition *partitions_find(const struct partitions *partitions, int32_t id);

/** A claimed partition as PostgreSQL has it, unless its claim was fenced or the database restored. */
struct progress partition_progress(const struct partition *partition) must_check;

/** The step of one side from its offset to next_offset, with what it adds. Its end_offset is 0, unknown. */
struct progress_step partition_step(const struct partition *partition, int64_t from_offset,
                                    const struct partition_delta *delta) must_check;

/** Drops all claims and deltas; what PostgreSQL has confirmed is kept in mind. */
void partitions_unclaim(struct partitions *partitions);

/** How many are not claimed. */
size_t partitions_count_unclaimed(const struct partitions *partitions);

#endif
