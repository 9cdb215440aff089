/*
 * The text of a simulated message: one JSON object in the reference's shape, or one of the broken messages that every
 * reader must refuse.
 */
#ifndef ANTENNA_SIMULATE_MESSAGE_H
#define ANTENNA_SIMULATE_MESSAGE_H

#include "base/buffer.h"
#include "simulate/population.h"

/** How many kinds of broken messages there are. */
#define MALFORMED_KINDS 27

/** Puts the event's message in place of what `ret_text` holds. */
void message_write(const struct population *population, const struct coded_event *event, struct buffer *ret_text);

/**
 * Puts the event's message, broken in the way `kind` (from 0 to before MALFORMED_KINDS), in place of what `ret_text`
 * holds. Returns false when the message is a tombstone: no value at all.
 */
bool message_write_malformed(const struct population *population, const struct coded_event *event, uint32_t kind,
                             struct buffer *ret_text);

#endif
