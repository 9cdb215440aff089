/*
 * A histogram of durations. One thread adds, any may read at the same time: a reader may see a sum that lacks what the
 * counts have, for an instant.
 */
#ifndef ANTENNA_METRICS_HISTOGRAM_H
#define ANTENNA_METRICS_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

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
