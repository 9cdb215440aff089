/* Counters that one thread adds to and any may read, without a lock: the addition is a load and a store. */
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

#endif
