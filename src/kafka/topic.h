/* A topic as the brokers know it: its identity, the settings that decide what becomes of its messages, its creation. */
#ifndef ANTENNA_KAFKA_TOPIC_H
#define ANTENNA_KAFKA_TOPIC_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"
#include "kafka/client.h"

/**
 * Characters of an id in base 64, and the NUL. A topic that is deleted and created again has the old name and another
 * id (KIP-516), and its offsets mean other messages.
 */
#define TOPIC_ID_SIZE 23

/**
 * Asks for the topic's id, waiting `timeout_ms` at most; empty when the broker has none (Kafka below 2.8, Azure Event
 * Hubs): librdkafka then gives the zero id, which is the same for each topic. Errors: as kafka_error().
 */
int topic_id_query(rd_kafka_t *client, const char *topic, int timeout_ms, char ret_id[TOPIC_ID_SIZE],
                   struct error *error) must_check;

struct topic_settings {
    bool compacted;          /* cleanup.policy: of messages with the same key only the last is kept */
    bool deleted;            /* cleanup.policy: old messages are deleted, by these limits: */
    int64_t retention_ms;    /* -1: none */
    int64_t retention_bytes; /* of a partition; -1: none */
    bool stamped_by_broker;  /* message.timestamp.type=LogAppendTime */
};

/** Asks for the topic's settings, waiting KAFKA_ANSWER_TIMEOUT_MS at most. Errors: as kafka_error(). */
int topic_settings_query(rd_kafka_t *client, const char *topic, struct topic_settings *ret_settings,
                         struct error *error) must_check;

/**
 * Sees to it that the configured topic exists; a missing one is created with --partitions partitions and the broker's
 * default replication, and waited for until each partition answers. Returns 1 when it was created, 0 when it existed,
 * with its number of partitions. Errors: as kafka_count_partitions(), and ERROR_CONFIGURATION when the broker refuses
 * to create it.
 */
int topic_ensure(const struct config *config, int32_t *ret_partitions, struct error *error) must_check;

#endif
