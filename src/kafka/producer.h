/*
 * An idempotent producer: each message that is acknowledged is in the topic exactly once, in the order of sending
 * within its partition; while Kafka is away messages wait and are tried again without end. Everything is called from
 * one thread, and acknowledgements are handed out inside producer_poll().
 */
#ifndef ANTENNA_KAFKA_PRODUCER_H
#define ANTENNA_KAFKA_PRODUCER_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/slice.h"
#include "config/config.h"
#include "kafka/client.h"

struct producer;

/** Called for each message that Kafka has acknowledged, with the ticket that it was sent with. */
typedef void (*producer_acknowledged)(void *context, void *ticket);

/** Opens a producer for the configured server and topic; does not wait for a broker. Free with producer_close(). */
int producer_open(const struct config *config, producer_acknowledged acknowledged, void *context,
                  struct producer **ret_producer, struct error *error) must_check;

/** Gives up what is not acknowledged and frees the producer; NULL is fine. */
void producer_close(struct producer *producer);

/**
 * Hands a message without key to the producer, which copies it; `data` NULL is a tombstone. Returns 1 when the queue is
 * full: call producer_poll() and try again.
 */
int producer_send(struct producer *producer, int32_t partition, struct slice message, void *ticket, struct error *error)
    must_check;

/**
 * Hands out acknowledgements, waiting up to `timeout_ms` for the first. Fails from the moment on when Kafka has refused
 * a message for good: ERROR_CONFIGURATION or ERROR_UNAVAILABLE as in kafka_error(), ERROR_FAILED when the producer is
 * broken.
 */
int producer_poll(struct producer *producer, int timeout_ms, struct error *error) must_check;

#endif
