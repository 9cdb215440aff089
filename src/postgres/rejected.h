/*
 * Messages that are not valid events: counted by reason and minute in antenna.rejected_count, and kept with their
 * payload in antenna.rejected_message. Of a flood only the first are kept, REJECTED_KEPT_PER_MINUTE of each reason.
 */
#ifndef ANTENNA_POSTGRES_REJECTED_H
#define ANTENNA_POSTGRES_REJECTED_H

#include "postgres/progress.h"

/** Bytes of a payload that are kept. */
#define REJECTED_PAYLOAD_MAX 4096

/** Messages of one reason that are kept in a minute of the clock. */
#define REJECTED_KEPT_PER_MINUTE 100

/** Kept messages that wait for a commit at most, and counts (of a reason and a minute) that do. */
#define REJECTED_WAITING_MAX 2000
#define REJECTED_COUNTS_MAX 256

/** How many messages were rejected for a reason in a minute. */
struct rejected_count {
    const char *reason; /* one text for each reason */
    int64_t minute;     /* its first second */
    int64_t messages;
    int64_t kept; /* of them */
};

/** Rejected messages that wait for a commit. Zero-initialise, then rejected_drop(). */
struct rejected {
    struct columns kept; /* messages */
    struct rejected_count counts[REJECTED_COUNTS_MAX];
    size_t count; /* of counts */
};

/** One message. */
struct rejected_message {
    int32_t partition;
    int64_t offset;
    const char *reason; /* code */
    const char *detail;
    size_t position; /* byte in the payload */
    struct slice payload;
    bool always_kept; /* however many there are */
};

/** Where a kept message is in Kafka. */
struct refused {
    int32_t partition;
    int64_t offset;
};

/** Empties the collection and begins again: what waited, or was sent, was not committed. */
void rejected_drop(struct rejected *rejected);

/** Empties the collection when what waited was sent; what was kept in this minute is remembered. */
void rejected_begin(struct rejected *rejected);

/** Moves what waits to `ret_moved`, and begins as rejected_begin(). Free it with rejected_release(). */
void rejected_move(struct rejected *rejected, struct rejected *ret_moved);

/** Frees it. */
void rejected_release(struct rejected *rejected);

/**
 * Adds a message that was rejected at `now`, seconds since the Unix epoch. Returns 1, with nothing added, when no more
 * can wait: send and begin again.
 */
int rejected_add(struct rejected *rejected, const struct rejected_message *message, int64_t now) must_check;

/** Sends what waits. */
int rejected_send(struct pipeline *pipeline, const struct progress_key *key, struct rejected *rejected,
                  struct error *error) must_check;

/**
 * Finds the messages that were rejected because no sum had room for them, among those that are totalled and not yet
 * archived, in `count` partitions. Free the list.
 */
int rejected_find_refused(struct postgres *postgres, const struct progress_key *key, const struct progress *partitions,
                          size_t count, struct refused **ret_refused, size_t *ret_count, struct error *error)
    must_check;

#endif
