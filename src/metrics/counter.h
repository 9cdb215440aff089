/*
 * Counters and histograms of durations, to which one thread adds and which any may read, without a lock: an addition is
 * a load and a store. A reader may see a histogram's sum that lacks what its counts have, for an instant.
 */
#ifndef ANTENNA_METRICS_COUNTER_H
#define ANTENNA_METRICS_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/** The sum, or INT64_MAX where it is larger: a count that stands is better than one that turns negative. */
static inline int64_t counter_sum(int64_t count, int64_t amount)
{
    return __builtin_add_overflow(count, amount, &count) ? INT64_MAX : count;
}

/** Adds to a counter of the calling thread. */
static inline void counter_add(atomic_int_fast64_t *counter, int64_t amount)
{
    atomic_store_explicit(counter, counter_sum(atomic_load_explicit(counter, memory_order_relaxed), amount),
                          memory_order_relaxed);
}

/** Sets a counter of the calling thread. */
static inline void counter_set(atomic_int_fast64_t *counter, int64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

/** What a counter says, to any thread. */
static inline int64_t counter_read(const atomic_int_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/** Buckets with an upper bound; one more takes what is longer. */
#define HISTOGRAM_BOUNDS 16

/** Zero-initialise. */
struct histogram {
    atomic_int_fast64_t counts[HISTOGRAM_BOUNDS + 1];
    atomic_int_fast64_t sum_us;
};

/** A histogram's figures at one time, or those of several added up. */
struct histogram_figures {
    int64_t counts[HISTOGRAM_BOUNDS + 1]; /* of each bucket alone */
    int64_t sum_us;
};

/** Upper bounds in seconds, inclusive, ascending. */
extern const double histogram_bounds[HISTOGRAM_BOUNDS];

/** Adds a duration in microseconds. */
void histogram_add(struct histogram *histogram, int64_t duration_us);

/** Adds the histogram's figures to `figures`. */
void histogram_sum(const struct histogram *histogram, struct histogram_figures *figures);

#endif
