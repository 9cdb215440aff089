/* Messages that are not valid events, in the table antenna.rejected. */
#ifndef ANTENNA_POSTGRES_REJECTED_H
#define ANTENNA_POSTGRES_REJECTED_H

#include "postgres/progress.h"

/** Bytes of a payload that are kept. */
#define REJECTED_PAYLOAD_MAX 4096

/** Messages that one statement carries, which also bounds what waits in memory. */
#define REJECTED_WAITING_MAX 2000

/** Rejected messages that wait for a commit. Zero-initialise, then rejected_begin(). */
struct rejected {
    struct array partitions, offsets, reasons, details, positions, payloads, sizes;
};

/** One message. */
struct rejected_message {
    int32_t partition;
    int64_t offset;
    const char *reason; /* code */
    const char *detail;
    size_t position; /* byte in the payload */
    struct slice payload;
};

/** Empties the collection. */
void rejected_begin(struct rejected *rejected);

/** Frees it. */
void rejected_release(struct rejected *rejected);

/** Adds a message. Returns 1, with nothing added, when REJECTED_WAITING_MAX wait: insert and begin again. */
int rejected_add(struct rejected *rejected, const struct rejected_message *message) must_check;

/** Inserts what waits, inside a transaction. */
int rejected_insert(struct postgres *postgres, const struct progress_key *key, struct rejected *rejected,
                    struct error *error) must_check;

#endif
