/* Where partitions end for their producers, who may be ahead of what readers of committed messages see. */
#ifndef ANTENNA_KAFKA_ENDS_H
#define ANTENNA_KAFKA_ENDS_H

#include "kafka/consumer.h"

/**
 * Asks for the end of each partition in `positions`, behind everything that was written, be its transaction still open
 * or not, and waits `timeout_ms` for the answer. Sets the offsets; -1 where Kafka does not know. Errors: as
 * kafka_error().
 */
int ends_query(rd_kafka_t *client, const char *topic, int timeout_ms, struct position *positions, size_t count,
               struct error *error) must_check;

#endif
