/*
 * What a worker has read and not yet written: totals and rejected messages that wait for the next commit, rows that
 * wait for the next roll, and the names that both refer to. Dropping it loses nothing: Kafka has the messages, and the
 * offsets in PostgreSQL show from where to read again.
 *
 * For each read: pending_decode() and pending_intern() for all messages, then pending_take() for each. It returns the
 * limit of memory that is reached instead of writing by itself; the caller starts a commit or roll and takes the
 * message again. Used by the worker's thread only, except that the encoder's thread reads the names (`dictionary`) of a
 * roll: names never move, and are not cleared before pending_end_roll().
 */
#ifndef ANTENNA_SPEED_PENDING_H
#define ANTENNA_SPEED_PENDING_H

#include "archive/rows.h"
#include "kafka/consumer.h"
#include "postgres/rejected.h"
#include "speed/full_hours.h"
#include "speed/job.h"
#include "speed/partitions.h"
#include "speed/totals.h"

/** A message decoded: a record, or why it was rejected. */
struct decoded {
    struct decoder decoder;
    bool rejected;
    struct record record;
    uint32_t hashes[TEXTS]; /* of the record's texts */
    bool coded;
    struct coded_event event; /* the record, when it is coded */
    struct reject reject;
};

struct pending {
    /* All messages of a read are decoded before the first is taken: their look-ups wait for memory at one time. */
    struct decoded ahead[CONSUMER_READ_MAX];
    struct dictionary dictionary;
    struct totals *totals;
    int64_t window; /* of the totals in seconds */
    struct rejected rejected;
    int64_t rejected_reasons[REJECT_REASONS]; /* messages since the last commit */
    int64_t latest;                           /* time of the last read, and as much as an event may be ahead */
    bool archive;                             /* rows are wanted */
    size_t memory_max;                        /* bytes; 0: no limit beside those of each part */
    struct rows rows;
    size_t committing_count;              /* totals of the commit under way */
    size_t rolling_count, rolling_memory; /* rows of the roll under way, and the bytes allocated for them */
    int64_t bytes;                        /* of the totals, all partitions */
    struct full_hours full_hours;
};

/** Makes an empty one with the job's limits; release with pending_release(). */
void pending_init(struct pending *pending, const struct job *job);

/** Frees it. */
void pending_release(struct pending *pending);

/**
 * Hands totals and rejected messages over to a commit, which refers to names until pending_end_commit(). The totals are
 * totals_sorted(). Free them and release the rejected messages.
 */
void pending_begin_commit(struct pending *pending, struct total **ret_totals, size_t *ret_count,
                          struct rejected *ret_rejected);

/** Notes that the commit has ended; forgets the names as pending_end_roll() does. */
void pending_end_commit(struct pending *pending);

/** Hands the rows over to a roll, which refers to names until pending_end_roll(). */
void pending_begin_roll(struct pending *pending, struct rows *ret_rows);

/** Notes that the roll has ended; forgets the names when they have become many and nothing refers to them. */
void pending_end_roll(struct pending *pending);

/** Drops totals, rejected messages and rows, and the names when they have become many. Nothing is under way. */
void pending_drop(struct pending *pending);

/** Whether the names are few enough to outlive a roll. */
bool pending_keeps_names(const struct pending *pending) must_check;

/**
 * Whether a roll may be listed before the totals that wait are committed. Not when names have become many, which are
 * forgotten when nothing refers to them. Not when the commit may find an hour full and reject events (full_hours.h), as
 * it may where an event has more than a TiB: the archive must not have those.
 */
bool pending_may_roll_first(const struct pending *pending) must_check;

/** Decodes the messages of one read into `ahead`, where they are valid until the next call. */
void pending_decode(struct pending *pending, const struct message *messages, size_t count);

/** Gives the names of what was decoded their codes, as far as there is room, and fetches their sums into the cache. */
void pending_intern(struct pending *pending, size_t count);

/** Why a message was not taken: the limit of memory that is reached. */
enum pending_limit {
    PENDING_TAKEN,          /* none */
    PENDING_TOTALS_FULL,    /* a commit makes room */
    PENDING_ROWS_FULL,      /* a roll does */
    PENDING_EVERYTHING_FULL /* a commit does, or a roll after it */
};

/**
 * Takes a message of a claimed partition, as it was decoded, and gives it to each side, totals and archive, whose
 * offset it has not passed; with a limit reached nothing is taken. When nothing is pending any message is taken.
 */
enum pending_limit pending_take(struct pending *pending, struct partition *partition, const struct message *message,
                                const struct decoded *decoded) must_check;

#endif
