/*
 * Messages on their way: what was handed to the producer waits here for Kafka's acknowledgement, and only then counts
 * in tally and ledger. At most OUTBOX_PENDING_MAX messages wait. One thread.
 */
#ifndef ANTENNA_SIMULATE_OUTBOX_H
#define ANTENNA_SIMULATE_OUTBOX_H

#include "kafka/producer.h"
#include "simulate/generator.h"
#include "simulate/ledger.h"
#include "simulate/tally.h"

#define OUTBOX_PENDING_MAX 100000

/** Zero-initialise, then outbox_open(). */
struct outbox {
    struct producer *producer;
    struct parcel *parcels;
    struct parcel *unused; /* a list */
    int32_t partition_count;
    int32_t next_partition;
    int64_t pending;         /* messages without acknowledgement */
    int64_t acknowledged_ms; /* monotonic: when Kafka last acknowledged, or had nothing to acknowledge */
    struct tally tally;
    struct ledger *ledger; /* or NULL */
    bool failed;
    struct error failure; /* of the ledger */
};

/**
 * Connects to Kafka and sees to it that the topic exists; returns 1 when it was created, else 0. Borrows `ledger`,
 * which may be NULL. Release with outbox_close() also after a failure. Errors: those of topic_ensure().
 */
int outbox_open(struct outbox *outbox, const struct config *config, struct ledger *ledger, struct error *error)
    must_check;

/** Gives up what is pending and closes the connection. */
void outbox_close(struct outbox *outbox);

/**
 * Sends a message to the next partition, one after the other. Returns 1 when too many are pending: call outbox_poll()
 * and try again.
 */
int outbox_send(struct outbox *outbox, const struct simulated_message *message, struct error *error) must_check;

/** Counts what Kafka has acknowledged, waiting up to `timeout_ms` for the first. Errors: producer_poll(), ledger_add().
 */
int outbox_poll(struct outbox *outbox, int timeout_ms, struct error *error) must_check;

#endif
