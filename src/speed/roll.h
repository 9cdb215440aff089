/*
 * The roll: pending rows become Parquet files, which one transaction lists, and then their readers see them. It does
 * not wait for the totals of the same messages, nor do they for it.
 *
 * The encoder writes the files. Meanwhile the worker reads on, and may commit. One roll is under way at a time; a
 * worker that releases the claims of the roll drops it. While a commit has the connection, a roll whose files are
 * written takes more rows, as further parts, which are listed together.
 */
#ifndef ANTENNA_SPEED_ROLL_H
#define ANTENNA_SPEED_ROLL_H

#include "speed/worker.h"

/**
 * Begins a roll of the pending rows, a file an hour, or adds them to the roll under way, once its files are written;
 * does nothing when the archive has what was read. Does not use the connection, on which a commit may be under way.
 * Error: ERROR_WORLD for the disk, and the roll under way has ended.
 */
int roll_begin(struct worker *worker, struct error *error) must_check;

/** Whether a roll is under way whose files are written. */
bool roll_is_encoded(const struct worker *worker) must_check;

/** Whether a roll is under way that has room for another part. */
bool roll_takes_more(const struct worker *worker) must_check;

/** For how many milliseconds a roll has been under way; 0: none is. */
int64_t roll_lasts_ms(const struct worker *worker) must_check;

/**
 * Waits for the files of the roll under way, if there is one, and lists and publishes them, when no commit is under
 * way. Commits the totals before it where they must be first (pending_may_roll_first()). Errors: as
 * write_to_postgres(), and ERROR_WORLD for the disk; the roll has ended then, too, and its claims must be given up.
 * Files that are listed and not yet published are for recover_files().
 */
int roll_finish(struct worker *worker, struct error *error) must_check;

/** Archives all that was read: finishes the roll under way, begins another and finishes it. */
int write_to_storage(struct worker *worker, struct error *error) must_check;

/** Waits for the files of the roll under way, if there is one, and deletes them. */
void roll_drop(struct worker *worker);

#endif
