/* What a worker does while PostgreSQL, Kafka or the disk fails: it drops what is in memory, waits, and tries again. */
#ifndef ANTENNA_SPEED_OUTAGE_H
#define ANTENNA_SPEED_OUTAGE_H

#include "speed/worker.h"

/**
 * Retries after a pause, with all claims released, if a dependency is unavailable or the worker was fenced; returns 0.
 * Any other error is returned with -1 and ends the worker.
 */
int handle_failure(struct worker *worker, struct error *error) must_check;

/** Notes, and logs, that the outage is over, if there is one. */
void end_outage(struct worker *worker);

#endif
