/*
 * The commit: totals, rejected messages and the new offsets in one transaction of PostgreSQL. It is sent without
 * waiting, and its answer is taken while the worker reads on. One commit is under way at a time, and until it ends
 * nothing else may use the connection; a worker that releases the claims of the commit drops it.
 *
 * Order of calls: commit_begin(), then commit_advance() in each turn until worker->commit is NULL, or commit_finish()
 * to wait for that. commit_begin() takes the sums out of `pending` and resets the deltas, so the next messages already
 * belong to the next commit. If this one fails they cannot be put back: all claims are released and the messages are
 * read again.
 */
#ifndef ANTENNA_SPEED_COMMIT_H
#define ANTENNA_SPEED_COMMIT_H

#include "speed/worker.h"

/**
 * Sends off what is pending for the totals; does nothing when nothing is. No commit is under way. Errors here and
 * below: ERROR_FENCED when a partition was taken over, ERROR_UNAVAILABLE when PostgreSQL is out of order; then it is
 * unknown whether the commit took place, and only a new claim shows it. The commit has ended then, too.
 */
int commit_begin(struct worker *worker, struct error *error) must_check;

/** For how many milliseconds a commit has been under way; 0: none is. */
int64_t commit_elapsed_ms(const struct worker *worker) must_check;

/** Takes what PostgreSQL has answered. The commit has ended when it is no longer under way (worker->commit). */
int commit_advance(struct worker *worker, struct error *error) must_check;

/** Waits for the end of the commit under way, if there is one. */
int commit_finish(struct worker *worker, struct error *error) must_check;

/** Commits all that was read: finishes the commit under way, begins another and finishes it. */
int write_to_postgres(struct worker *worker, struct error *error) must_check;

/** Forgets the commit under way, if there is one. Close the connection. */
void commit_drop(struct worker *worker);

#endif
