/*
 * The partitions of one worker and the progress of each. Totals and archive are two sides that do not wait for each
 * other: the offset of either side may be ahead of the other's. After a claim it may also be ahead of next_offset,
 * while messages are read again for the side that is behind.
 *
 * The messages of a side are in one of three states:
 *   before offset                     durable in PostgreSQL
 *   from offset to sent_offset        in the commit, or the roll, under way
 *   from sent_offset to next_offset   pending: their sums or rows are in memory
 *
 * Used by the worker's own thread only.
 */
#ifndef ANTENNA_SPEED_PARTITIONS_H
#define ANTENNA_SPEED_PARTITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "postgres/progress.h"

/** The pending messages of one side, in figures. */
struct partition_delta {
    int64_t records;
    int64_t rejected;
    int64_t bytes;
    int64_t until; /* event time that was reached: the latest, none counted as later than its arrival, and none that is
                      ahead of the clock; 0: none */
};

/** One side of a partition. */
struct side {
    int64_t offset;      /* next to read, as PostgreSQL last confirmed it */
    int64_t sent_offset; /* the value of offset after the commit or roll under way; equal to it when there is none */
    struct partition_delta delta;
};

enum side_name { SIDE_TOTALS, SIDE_ARCHIVE };

struct partition {
    int32_t id;
    bool reading;  /* the consumer fetches it */
    int64_t epoch; /* of our claim; 0 when it is not claimed */
    struct side totals, archive;
    int64_t next_offset;
    int64_t totalled_until;   /* event time that the totals have reached since the claim; 0: unknown */
    int64_t confirmed_offset; /* of a claim that was given up: the totals' offset of its last commit */
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

/** Whether a side has pending messages. */
bool partitions_have_pending(const struct partitions *partitions, enum side_name side) must_check;

/**
 * Returns the pending messages of a side as steps, `*ret_count` of them, and resets the deltas. Each step continues
 * where the commit or roll under way ends. Their end_offset is 0, unknown. Free it.
 */
struct progress_step *partitions_send(struct partitions *partitions, enum side_name side, size_t *ret_count) must_check;

/** Notes that PostgreSQL has taken the steps of a side; all are of partitions that are still claimed. */
void partitions_confirm(struct partitions *partitions, enum side_name side, const struct progress_step *steps,
                        size_t count);

/** Drops all claims and deltas; keeps confirmed_offset, to notice a database that was set back. */
void partitions_unclaim(struct partitions *partitions);

/** How many are not claimed. */
size_t partitions_count_unclaimed(const struct partitions *partitions);

#endif
