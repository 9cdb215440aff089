/*
 * What a worker has read and not yet written: totals and rejected messages that wait for the next commit, rows that
 * wait for the next roll, and the names that both refer to. Dropping it loses nothing: Kafka has it, and the offsets in
 * PostgreSQL say from where to read again.
 */
#ifndef ANTENNA_SPEED_PENDING_H
#define ANTENNA_SPEED_PENDING_H

#include "archive/rows.h"
#include "kafka/consumer.h"
#include "postgres/rejected.h"
#include "speed/job.h"
#include "speed/partitions.h"
#include "speed/totals.h"

/** A message decoded: a record, or why it was rejected. */
struct decoded {
    struct decoder decoder;
    bool rejected;
    struct record record;
    uint32_t hashes[DIMENSIONS]; /* of the record's names */
    bool coded;
    struct coded_event event; /* the record, when it is coded */
    struct reject reject;
};

struct pending {
    /* All messages of a read are decoded before the first is taken: their look-ups wait for memory at one time. */
    struct decoded ahead[CONSUMER_READ_MAX];
    struct dictionary dictionary;
    struct totals *totals;
    struct rejected rejected;
    int64_t rejected_reasons[REJECT_REASONS]; /* messages since the last commit */
    bool archive;                             /* rows are wanted */
    size_t memory_max;                        /* bytes; 0: no limit beside those of each part */
    struct rows rows;
};

/** Makes an empty one with the job's limits; release with pending_release(). */
void pending_init(struct pending *pending, const struct job *job);

/** Frees it. */
void pending_release(struct pending *pending);

/** Forgets totals and rejected messages, which were committed. */
void pending_commit(struct pending *pending);

/** Drops totals, rejected messages and rows, and the names when they have become many. */
void pending_drop(struct pending *pending);

/** Decodes the messages of one read into `ahead`, where they are valid until the next call. */
void pending_decode(struct pending *pending, const struct message *messages, size_t count);

/** Gives the names of what was decoded their codes, as far as there is room, and fetches their sums into the cache. */
void pending_intern(struct pending *pending, size_t count);

/**
 * Takes a message of a claimed partition, as it was decoded, and gives it to each side, totals and archive, whose
 * offset it has not passed. Returns 1, with nothing taken, when a limit of memory is reached: write what is pending and
 * take it again. When nothing is pending any message is taken.
 */
int pending_take(struct pending *pending, struct partition *partition, const struct message *message,
                 const struct decoded *decoded) must_check;

#endif
