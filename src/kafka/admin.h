/*
 * Requests to the brokers' administration (KIP-117), and the one about a consumer group. Order of calls: admin_begin(),
 * librdkafka's own call with the request's options and queue, admin_wait(), admin_release().
 */
#ifndef ANTENNA_KAFKA_ADMIN_H
#define ANTENNA_KAFKA_ADMIN_H

#include "kafka/client.h"

/** Zero-initialise. */
struct admin_request {
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    int timeout_ms;
    rd_kafka_event_t *event; /* the answer, after admin_wait() */
};

/** Prepares a request that is given up after `timeout_ms`. `what` begins the error's text. */
int admin_begin(struct admin_request *request, rd_kafka_t *client, rd_kafka_admin_op_t operation, int timeout_ms,
                const char *what, struct error *error) must_check;

/** Fails with librdkafka's error about a request's option, which it takes; NULL is none. */
int admin_check_option(rd_kafka_error_t *failure, const char *what, struct error *error) must_check;

/** Waits for the answer to the request as a whole; the results within it are the caller's. Errors: as kafka_error(). */
int admin_wait(struct admin_request *request, const char *what, struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void admin_release(struct admin_request *request);

/**
 * Asks whether we may join the group, and how many members it has; one that has never been is fine, and has none. Waits
 * KAFKA_ANSWER_TIMEOUT_MS at most. Errors: ERROR_CONFIGURATION when we may not join it, else as kafka_error().
 */
int group_query(rd_kafka_t *client, const char *group, size_t *ret_members, struct error *error) must_check;

#endif
