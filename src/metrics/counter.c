#include "metrics/counter.h"

#include "base/time.h"

/* From a commit on a quick disk to an hour of the archive on a slow one. */
const double histogram_bounds[HISTOGRAM_BOUNDS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                                   0.5,   1,     2,     5,    10,   30,   60,  300};

void histogram_add(struct histogram *histogram, int64_t duration_us)
{
    int bucket = 0;

    while (bucket < HISTOGRAM_BOUNDS && (double)duration_us > histogram_bounds[bucket] * US_PER_SECOND)
        bucket++;
    counter_add(&histogram->counts[bucket], 1);
    counter_add(&histogram->sum_us, duration_us);
}

void histogram_sum(const struct histogram *histogram, struct histogram_figures *figures)
{
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
        figures->counts[i] += counter_read(&histogram->counts[i]);
    figures->sum_us += counter_read(&histogram->sum_us);
}
