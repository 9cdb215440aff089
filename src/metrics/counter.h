/* Counters that one thread adds to and any may read, without a lock: the addition is a load and a store. */
#ifndef ANTENNA_METRICS_COUNTER_H
#define ANTENNA_METRICS_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/** Adds to a counter of the calling thread. */
static inline void counter_add(atomic_int_fast64_t *counter, int64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount, memory_order_relaxed);
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
