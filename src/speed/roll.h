/* The roll: pending rows become Parquet files, which one transaction lists, and then their readers see them. It does
 * not wait for the totals of the same messages, nor do they for it. */
#ifndef ANTENNA_SPEED_ROLL_H
#define ANTENNA_SPEED_ROLL_H

#include "speed/worker.h"

/**
 * Writes, lists and publishes the pending rows, a file an hour; does nothing when the archive has what was read.
 * Commits the totals before it where they must be first (pending_may_roll_first()). Errors as write_to_postgres(), and
 * ERROR_WORLD for the disk; files that are listed and not yet published are for recover_files().
 */
int write_to_storage(struct worker *worker, struct error *error) must_check;

#endif
