/*
 * What the service manager is told of the workers (base/notify.h): that the job is ready once every worker reads what
 * the group gave it first, that it is alive as long as every worker's loop turns, and how far it is.
 *
 * A worker that waits for a server that is down turns its loop, too, and tries again in it: an outage is no reason to
 * be started anew. One that hangs within a turn is.
 */
#ifndef ANTENNA_SPEED_SUPERVISE_H
#define ANTENNA_SPEED_SUPERVISE_H

#include <stdbool.h>

#include "speed/metrics.h"

/** Zero-initialise before use. */
struct supervision {
    bool ready;        /* was told */
    bool stopping;     /* was told */
    int64_t turned_ms; /* when all workers had turned last */
};

/**
 * Tells what is due at `now_ms` of the monotonic clock. Returns when it is to be called again at the latest; INT64_MAX
 * without a manager.
 */
int64_t supervise(struct supervision *supervision, const struct speed_metrics *metrics, int64_t now_ms);

#endif
