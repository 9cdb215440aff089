/*
 * The login to the brokers by SASL: whether it can be tried, and what a refusal means. With OAUTHBEARER librdkafka asks
 * an endpoint for tokens, by HTTP and in a thread of its own; without a token it asks no broker. Threads of any client
 * may call.
 */
#ifndef ANTENNA_KAFKA_SASL_H
#define ANTENNA_KAFKA_SASL_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

/**
 * Checks that the configured login can be tried: this build has the mechanism, and what the mechanism needs is given.
 * Errors: ERROR_CONFIGURATION.
 */
int sasl_check(const rd_kafka_conf_t *conf, struct error *error) must_check;

/** Keeps what a line of librdkafka's log says of an endpoint, for sasl_refusal(): its errors lack the HTTP status. */
void sasl_note_log(const char *text);

/** Whether librdkafka's text of an error says that there is no token. */
bool sasl_lacks_token(const char *reason);

/**
 * Fills `error` with librdkafka's text of a refusal, and what to check: ERROR_CONFIGURATION, or ERROR_UNAVAILABLE when
 * an endpoint of tokens is unavailable.
 */
int sasl_refusal(const rd_kafka_conf_t *conf, const char *reason, struct error *error);

/** Whether a client that has heard nothing waits for a token; fills `error` then: ERROR_UNAVAILABLE. */
bool sasl_waits_for_token(const rd_kafka_conf_t *conf, struct error *error);

#endif
