/* When a worker writes: what it has read is committed and rolled in time, and at once where it must be. */
#ifndef ANTENNA_SPEED_SCHEDULE_H
#define ANTENNA_SPEED_SCHEDULE_H

#include "speed/worker.h"

/** A commit, which takes some milliseconds, is waited for when it lasts so long; the worker is not ready then. */
#define COMMIT_PATIENCE_MS 5000

/**
 * Begins a commit of the totals of what was read, after the one under way has been finished. Errors here and below: as
 * write_to_postgres(), and ERROR_WORLD for the disk, after which all claims must be given up (handle_failure()).
 */
int begin_commit(struct worker *worker, struct error *error) must_check;

/** Begins a roll of the rows that wait, after the one under way has been finished. */
int begin_roll(struct worker *worker, struct error *error) must_check;

/** Commits and archives all that was read. The totals come first: they go on while the disk fails. */
int write_everything(struct worker *worker, struct error *error) must_check;

/** The same before claims are given up in any case: what has been read may be nowhere else, as Kafka need not hold it.
 */
void write_what_is_held(struct worker *worker);

/** Commits the offsets of the totals to Kafka's group, for tools that show its lag. */
void mirror_offsets(struct worker *worker);

/** Does the first that is due: a commit, a roll, or a look at the servers, the disk and idle partitions. */
int write_what_is_due(struct worker *worker, struct error *error) must_check;

#endif
