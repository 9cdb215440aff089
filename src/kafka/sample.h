/* A look at the last messages of a topic, outside of any consumer group: nobody's offsets change. */
#ifndef ANTENNA_KAFKA_SAMPLE_H
#define ANTENNA_KAFKA_SAMPLE_H

#include "kafka/consumer.h"

/** Called for each message, which is valid until it returns. */
typedef void (*sample_take)(void *context, const struct message *message);

/** Messages that are read, of all partitions together; at least one of each. */
#define SAMPLE_MESSAGES 200

/**
 * Reads the last SAMPLE_MESSAGES messages of the topic's first `partitions` partitions, as many of each, waiting
 * KAFKA_ANSWER_TIMEOUT_MS at most. Errors: ERROR_UNAVAILABLE when the brokers do not give them, ERROR_CONFIGURATION
 * when we may not read them, ERROR_USAGE for a wrong -X property.
 */
int sample_read(const struct config *config, int32_t partitions, sample_take take, void *context, struct error *error)
    must_check;

#endif
