/*
 * What consumer and producer share: librdkafka's configuration from ours, its log in our log, its errors in our kinds.
 */
#ifndef ANTENNA_KAFKA_CLIENT_H
#define ANTENNA_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"
#include "kafka/property.h"

/** Milliseconds within which a broker must answer a question asked at start. */
#define KAFKA_ANSWER_TIMEOUT_MS 10000

/** The same while messages are read: there is other work than to wait for an answer that can be asked for again. */
#define KAFKA_QUICK_ANSWER_MS 1000

/** For clients without properties of their own. */
extern const struct kafka_property kafka_no_properties[];

/**
 * property_configure(), with librdkafka's log in our log and its refusals of certificates kept for kafka_refusal().
 */
int kafka_configure(const struct config *config, const struct kafka_property *own, rd_kafka_conf_t **ret_conf,
                    struct error *error) must_check;

/** Makes a client of the configuration, which it takes. Error: ERROR_CONFIGURATION, such as for a file that is not
 * there. */
int kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client, struct error *error) must_check;

/** Whether an error says that we do not trust the broker, or it not us. It comes again at each attempt to connect. */
bool kafka_is_refusal(rd_kafka_resp_err_t code);

/** Fills `error` with a refusal: as sasl_refusal(), or ERROR_CONFIGURATION with the reason why TLS failed. */
int kafka_refusal(struct error *error, rd_kafka_t *client, rd_kafka_resp_err_t code, const char *reason);

/** Fills `error` from librdkafka's code: authentication and authorization are ERROR_CONFIGURATION, the rest
 * ERROR_UNAVAILABLE. */
int kafka_error(struct error *error, rd_kafka_resp_err_t code, const char *what);

/**
 * Opens a client that only asks, joins no group and fetches nothing: a broker answers a client's requests one after the
 * other, and one that waits for new messages keeps the next waiting for up to half a second. Threads may share it. Free
 * with rd_kafka_destroy().
 */
int kafka_open_metadata_client(const struct config *config, rd_kafka_t **ret_client, struct error *error) must_check;

/**
 * Discards the errors that librdkafka has reported to such a client since the last question, such as each attempt to
 * reconnect: nobody reads them while a job runs, and they would pile up. By any thread, now and then.
 */
void kafka_discard_events(rd_kafka_t *metadata_client);

/**
 * Pauses before a question is asked again whose answer the brokers do not know yet. False when the deadline, of the
 * monotonic clock, has passed or a stop was asked for.
 */
bool kafka_may_ask_again(int64_t deadline_ms) must_check;

/**
 * Asks the brokers for themselves and for the configured topic, waiting KAFKA_ANSWER_TIMEOUT_MS at most. Errors:
 * ERROR_UNAVAILABLE when no broker answers, ERROR_CONFIGURATION when they refuse us. Free with
 * rd_kafka_metadata_destroy().
 */
int kafka_query_topic(rd_kafka_t *metadata_client, const struct config *config,
                      const struct rd_kafka_metadata **ret_metadata, struct error *error) must_check;

/**
 * The number of partitions that such an answer has of the topic called `name`; 0 when it does not exist. Errors:
 * ERROR_CONFIGURATION when we may not know it, else ERROR_UNAVAILABLE.
 */
int kafka_check_topic(const struct rd_kafka_metadata *metadata, const char *name, int32_t *ret_count,
                      struct error *error) must_check;

/** Both at once: the topic's number of partitions, with the errors of either. */
int kafka_count_partitions(rd_kafka_t *metadata_client, const struct config *config, int32_t *ret_count,
                           struct error *error) must_check;

#endif
