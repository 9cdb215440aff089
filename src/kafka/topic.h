/* Topics, for the one command that may create them. */
#ifndef ANTENNA_KAFKA_TOPIC_H
#define ANTENNA_KAFKA_TOPIC_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"
#include "kafka/client.h"

/**
 * Sees to it that the configured topic exists; a missing one is created with --partitions partitions and the broker's
 * default replication, and waited for until each partition answers. Returns 1 when it was created, 0 when it existed,
 * with its number of partitions. Errors: as kafka_count_partitions(), and ERROR_MISTAKE when the broker refuses to
 * create it.
 */
int topic_ensure(const struct config *config, int32_t *ret_partitions, struct error *error) must_check;

#endif
