/*
 * One member of a consumer group, used by one thread. It never stores or chooses offsets by itself: its owner says
 * where each partition begins, and the group's offsets in Kafka are only a mirror for the usual lag tools.
 *
 * Order of calls: open, then in a loop read, take events, and answer each event: an assignment by consumer_assign() as
 * soon as the offsets are known, a revocation by consumer_unassign() when the pending data is written. The group waits
 * for the answer. At the end consumer_close().
 *
 * Events are queued because librdkafka reports them by a callback inside consumer_read(), where the caller cannot
 * commit yet. No lock is needed: the callbacks that touch a consumer run in the thread that reads.
 */
#ifndef ANTENNA_KAFKA_CONSUMER_H
#define ANTENNA_KAFKA_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"
#include "kafka/client.h"

/** Messages that one read returns at most. */
#define CONSUMER_READ_MAX 256

enum message_kind {
    MESSAGE_DATA,
    MESSAGE_END, /* no message: everything before `offset` was read, and nothing is there for now */
};

struct message {
    enum message_kind kind;
    int32_t partition;
    int64_t offset;
    int64_t arrival;  /* in Kafka, in seconds since the Unix epoch; -1: unknown, see arrival_of() */
    int64_t stamp_ms; /* Kafka's timestamp as it is; -1: none */
    const char *data; /* NULL for a tombstone */
    size_t size;
};

enum consumer_event_kind { CONSUMER_ASSIGNED, CONSUMER_REVOKED };

struct consumer_event {
    enum consumer_event_kind kind;
    bool lost; /* with a CONSUMER_REVOKED: the group has put us out, and an assignment will follow */
    int32_t *partitions;
    size_t count;
};

/** A place in a partition. */
struct position {
    int32_t partition;
    int64_t offset;
};

struct consumer;

/**
 * The arrival that a timestamp of Kafka's says, in seconds; -1 when it cannot be one: it lies before 2016, when Kafka
 * began to stamp messages (0.10.0), or after 2099. Producers without a clock send 0 or -1, others seconds or
 * microseconds in place of milliseconds. By no clock, so that reading again gives the same answer.
 */
int64_t arrival_of(int64_t stamp_ms);

/** What a message of librdkafka's, or the news of a partition's end in its place, says; valid while that one is. */
struct message message_of(const rd_kafka_message_t *raw);

/**
 * Joins the group `group`, subscribed to the configuration's topic, as member number `member` of the process: with
 * --instance-id a static one (KIP-345). Errors: ERROR_USAGE for a wrong -X property. Close with consumer_close().
 */
int consumer_open(const struct config *config, const char *group, int member, struct consumer **ret_consumer,
                  struct error *error) must_check;

/** Leaves the group and frees the consumer; NULL is fine. */
void consumer_close(struct consumer *consumer);

/**
 * Waits up to `timeout_ms` to gather up to CONSUMER_READ_MAX messages; `ret_messages` is valid until the next read.
 * Also lets librdkafka work; call it at least once a minute. Errors: ERROR_UNAVAILABLE when an offset or the topic is
 * gone, ERROR_CONFIGURATION when Kafka refuses us, ERROR_FAILED when the client cannot go on; messages read with it are
 * dropped. ERROR_UNAVAILABLE also when the group has a member of our name: see consumer_has_ended().
 */
int consumer_read(struct consumer *consumer, int timeout_ms, const struct message **ret_messages, size_t *ret_count,
                  struct error *error) must_check;

/** Takes the oldest event that has not been taken. Free its `partitions`. Returns false when there is none. */
bool consumer_take_event(struct consumer *consumer, struct consumer_event *ret_event) must_check;

/** Begins to read partitions at offsets; also the answer to CONSUMER_ASSIGNED (with none, when it named none). */
int consumer_assign(struct consumer *consumer, const struct position *positions, size_t count, struct error *error)
    must_check;

/**
 * Stops reading partitions and forgets what was fetched of them; also the answer to CONSUMER_REVOKED. Name only
 * partitions that are being read.
 */
int consumer_unassign(struct consumer *consumer, const int32_t *partitions, size_t count, struct error *error)
    must_check;

/** Where a partition that is being read ends, as the last answer to a fetch said; -1 before there was one. */
int64_t consumer_end(const struct consumer *consumer, int32_t partition);

/** Sends positions to the group's offsets in Kafka, without waiting for the answer. */
void consumer_mirror(struct consumer *consumer, const struct position *positions, size_t count);

/**
 * Whether the group has taken the consumer in. It is told by the first assignment, too, but in the group protocol of
 * KIP-848 there is none for a member that gets no partition; in the one before it this is always false.
 */
bool consumer_has_joined(const struct consumer *consumer);

/** Whether a read has failed because the client cannot go on: it will deliver nothing any more, and must be replaced.
 */
bool consumer_has_ended(const struct consumer *consumer);

/** Whether no broker can be reached: the last connection is lost, or none has answered for some seconds. */
bool consumer_is_disconnected(const struct consumer *consumer);

#endif
