/*
 * Why OpenSSL rejected a broker's certificate: librdkafka's errors do not say. Threads of any client may call.
 */
#ifndef ANTENNA_KAFKA_CERTIFICATE_H
#define ANTENNA_KAFKA_CERTIFICATE_H

#include <librdkafka/rdkafka.h>

/**
 * A callback of librdkafka's for each certificate of a chain, after OpenSSL has checked it. It leaves OpenSSL's
 * decision as it is, and keeps a rejection with the broker, host:port.
 */
int certificate_checked(rd_kafka_t *client, const char *broker, int32_t broker_id, int *x509_error, int depth,
                        const char *data, size_t size, char *reason, size_t reason_size, void *context);

/**
 * Why the last certificate was rejected, or NULL when `refusal`, librdkafka's text of a TLS error, is not about that
 * rejection: it names another broker, or another failure.
 */
const char *certificate_reason(const char *refusal);

#endif
