/* A consumer group as the brokers know it. */
#ifndef ANTENNA_KAFKA_GROUP_H
#define ANTENNA_KAFKA_GROUP_H

#include "kafka/client.h"

/**
 * Asks whether we may join the group, and how many members it has; one that has never been is fine, and has none. Waits
 * KAFKA_ANSWER_TIMEOUT_MS at most. Errors: ERROR_MISTAKE when we may not join it, else as kafka_error().
 */
int group_query(rd_kafka_t *client, const char *group, size_t *ret_members, struct error *error) must_check;

#endif
