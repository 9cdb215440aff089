/* What Kafka has acknowledged so far, in numbers. */
#ifndef ANTENNA_SIMULATE_TALLY_H
#define ANTENNA_SIMULATE_TALLY_H

#include "base/buffer.h"
#include "simulate/generator.h"

/** Identities: sent = valid + malformed + future; valid = on time + late; repeated is a part of sent. */
struct tally {
    int64_t counts[MESSAGE_KINDS];
    int64_t repeated;
    int64_t bytes; /* of the valid ones */
};

/** All messages. */
int64_t tally_sent(const struct tally *tally);

/** Those that speed and batch must count. */
int64_t tally_valid(const struct tally *tally);

/** Writes one line about what is sent so far, and how fast: `seconds` since the start. */
void tally_progress(const struct tally *tally, double seconds, struct buffer *ret_text);

/** Writes the line that ends a run. */
void tally_summary(const struct tally *tally, double seconds, struct buffer *ret_text);

#endif
