/*
 * Makes the simulated messages one after the other. What they are made of:
 *
 * - Users fall into ten bands of equal size in the order of the list; each band sends half as much as the one before,
 * so that a tenth of the users make half of the traffic and the quietest send 256 times less than the busiest.
 * - Antennas and apps: the first 1/n of them carry 1/sqrt(n) of the traffic.
 * - Bytes: from 64 to 262143, heavy-tailed; twice the size is half as likely (a Pareto distribution of index 1). The
 *   median is about 128, the mean about 620.
 *
 * With 20 users and 100 messages a second a user's hour holds between about 0.2 and 60 MB, so that hourly quotas
 * from 5 000 to 1 000 000 bytes are kept by some users and not by others.
 */
#ifndef ANTENNA_SIMULATE_GENERATOR_H
#define ANTENNA_SIMULATE_GENERATOR_H

#include "simulate/message.h"
#include "simulate/random.h"

/** A late event lies from one second to this many seconds back. */
#define LATE_SECONDS_MAX 7200

enum message_kind { MESSAGE_ON_TIME, MESSAGE_LATE, MESSAGE_MALFORMED, MESSAGE_FUTURE, MESSAGE_KINDS };

struct simulated_message {
    struct slice text;        /* no data: a tombstone */
    struct coded_event event; /* nothing to rely on when malformed */
    enum message_kind kind;
    bool repeated; /* the same as the message before it */
};

struct generator {
    const struct population *population;
    struct random random;
    /* A draw of 32 bits below the first limit repeats, below the second is malformed, and so on. */
    uint64_t repeat_below, malformed_below, future_below, late_below;
    struct simulated_message last;
    struct buffer text; /* of the last message */
    bool started;
};

/**
 * Readies a generator by --seed, --late, --malformed, --future and --duplicate. Borrows `population`. Release with
 * generator_release(). Error: ERROR_USAGE when the shares add up to more than 1.
 */
int generator_init(struct generator *generator, const struct config *config, const struct population *population,
                   struct error *error) must_check;

/** Frees what it holds. */
void generator_release(struct generator *generator);

/** The next message, with this event time (seconds since the epoch) if it is on time; valid until the next call. */
const struct simulated_message *generator_next(struct generator *generator, int64_t event_time);

/** Whether speed and batch must count a message of the kind. */
static inline bool message_is_valid(enum message_kind kind)
{
    return kind == MESSAGE_ON_TIME || kind == MESSAGE_LATE;
}

#endif
