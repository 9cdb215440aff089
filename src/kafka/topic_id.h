/*
 * The identity of a topic: one that is deleted and made anew has the old name and another id (KIP-516), and its offsets
 * mean other messages.
 */
#ifndef ANTENNA_KAFKA_TOPIC_ID_H
#define ANTENNA_KAFKA_TOPIC_ID_H

#include "kafka/client.h"

/** Characters of an id in base 64, and the NUL. */
#define TOPIC_ID_SIZE 23

/**
 * Asks for the topic's id, waiting `timeout_ms` at most; empty when the broker has none (Kafka below 2.8, Azure Event
 * Hubs): librdkafka then gives the zero id, which is the same for each topic. Errors: as kafka_error().
 */
int topic_id_query(rd_kafka_t *client, const char *topic, int timeout_ms, char ret_id[TOPIC_ID_SIZE],
                   struct error *error) must_check;

#endif
