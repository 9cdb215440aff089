/* Settings of a topic that decide what becomes of its messages. */
#ifndef ANTENNA_KAFKA_TOPIC_SETTINGS_H
#define ANTENNA_KAFKA_TOPIC_SETTINGS_H

#include "kafka/client.h"

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

#endif
