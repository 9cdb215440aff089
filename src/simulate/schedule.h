/*
 * When which event happens, and when it is sent. Message number i (from 0) has the event time
 *
 *   first + i / rate                        without --count or without --to, and is sent as soon as the clock has
 *                                           reached that time: the past as fast as Kafka takes it, then live;
 *   first + i * (last - first) / (count-1)  with --count and --to, and is sent at --rate.
 *
 * Where the first rule meets --rate max, events of the past are SCHEDULE_MAX_DENSITY a second, and events that would
 * lie ahead of the clock happen now. Without --from the first event happens at the start. Event times therefore depend
 * on the options alone as far as they lie in the past of a given --from.
 */
#ifndef ANTENNA_SIMULATE_SCHEDULE_H
#define ANTENNA_SIMULATE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/** Events a second of event time when --rate is max and --count does not spread them over a range. */
#define SCHEDULE_MAX_DENSITY 1000

/** Highest --rate that is a number. */
#define SCHEDULE_RATE_MAX 10000000

/** Times in milliseconds; event times since the epoch. */
struct schedule {
    int64_t first_ms;
    int64_t last_ms;
    int64_t count;       /* messages in all; INT64_MAX: no end */
    int64_t rate;        /* messages a second, or 0: max */
    int64_t duration_ms; /* of sending; INT64_MAX: no end */
    bool spread;         /* the second rule */
    bool ranged;         /* --to is given */
    bool from_start;     /* --from is not given */
};

/** A point in time by two clocks. */
struct moment {
    int64_t now_ms;     /* since the epoch */
    int64_t elapsed_ms; /* since the start of sending */
};

/** Reads --rate, --count, --duration, --from and --to, which must not lie after `now_ms`. Error: ERROR_USAGE. */
int schedule_init(struct schedule *schedule, const struct config *config, int64_t now_ms, struct error *error)
    must_check;

/** Begins the sending: without --from the first event happens at `now_ms`. */
void schedule_start(struct schedule *schedule, int64_t now_ms);

/** The event time of message `index` in seconds since the epoch, when it is sent at `moment`. */
int64_t schedule_event_time(const struct schedule *schedule, int64_t index, struct moment moment);

/** How many messages in all may have been sent at `moment`. */
int64_t schedule_due(const struct schedule *schedule, struct moment moment);

/** Milliseconds from `moment` until message `index` is due; 0 when it is. */
int64_t schedule_wait_ms(const struct schedule *schedule, int64_t index, struct moment moment);

#endif
