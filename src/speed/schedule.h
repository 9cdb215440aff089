/*
 * When a worker writes: by timers (--commit-interval, --roll-age), when memory is full, and before it releases a
 * partition or stops. The functions here decide; commit.h and roll.h do the work.
 *
 * The connection serves one at a time: a commit, the listing of a roll, or a check. So each function here first
 * finishes or follows the commit under way.
 */
#ifndef ANTENNA_SPEED_SCHEDULE_H
#define ANTENNA_SPEED_SCHEDULE_H

#include "speed/worker.h"

/** A commit usually takes some milliseconds. One that lasts this long is waited for, and the worker is not ready. */
#define COMMIT_PATIENCE_MS 5000

/**
 * Begins a commit of the totals of what was read, after the one under way has been finished. Errors here and below: as
 * write_to_postgres(), and ERROR_UNAVAILABLE for the disk, after which all claims must be given up (handle_failure()).
 */
int begin_commit(struct worker *worker, struct error *error) must_check;

/** Begins a roll of the rows that wait, after the one under way has been finished. */
int begin_roll(struct worker *worker, struct error *error) must_check;

/** Commits and archives all pending data. The totals come first, because they must go on while the disk fails. */
int write_everything(struct worker *worker, struct error *error) must_check;

/** Tries the same before claims are released in any case, and ignores failures: Kafka may not have the pending messages
 * any more, and then memory is the only copy. */
void try_write_everything(struct worker *worker);

/** Commits the offsets of the totals to Kafka's group, for tools that show its lag. */
void mirror_offsets(struct worker *worker);

/** Runs the first action that is due: a roll, a commit, or a check of the servers, the disk and idle partitions. */
int run_due_action(struct worker *worker, struct error *error) must_check;

#endif
