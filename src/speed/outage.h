/*
 * Recovery of a worker from a failure of PostgreSQL, Kafka or the disk: it drops its memory and its claims, waits, and
 * claims again. No part of a failed step is kept, so it does not matter where it failed: the offsets in PostgreSQL show
 * what is done.
 *
 * An outage starts with handle_failure() and ends with end_outage(), after a success that shows its end.
 */
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
