/* The commit: totals, rejected messages and the new offsets in one transaction of PostgreSQL. */
#ifndef ANTENNA_SPEED_COMMIT_H
#define ANTENNA_SPEED_COMMIT_H

#include "speed/worker.h"

/**
 * Commits what is pending for the totals; does nothing when nothing is. Errors: ERROR_FENCED when a partition was taken
 * over, ERROR_WORLD when PostgreSQL is out of order; then it is unknown whether the commit took place, and only a new
 * claim tells.
 */
int write_to_postgres(struct worker *worker, struct error *error) must_check;

#endif
