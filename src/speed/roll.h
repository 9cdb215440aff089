/*
 * The roll: pending rows become Parquet files of the archive. It does not wait for the totals of the same messages, nor
 * do they for it. The steps:
 *
 * 1. Stage: the encoder's thread writes a file for each hour to the worker's staging folder, and syncs it. Meanwhile
 * the worker reads on, and may commit.
 * 2. List: one transaction moves the archive's offsets and inserts the files into antenna.archive_file. This decides:
 *    before its COMMIT the files do not belong to the archive, after it they do.
 * 3. Publish: each file is renamed to its hour's folder, where readers see it.
 *
 * After a crash before step 2 recovery deletes the files and the messages are read again; after it, recovery publishes
 * the files (archive/recover.h). One roll is under way at a time; a worker that releases the claims of the roll drops
 * it. While a commit has the connection, a roll whose files are written takes more rows, as further parts, which are
 * listed together.
 */
#ifndef ANTENNA_SPEED_ROLL_H
#define ANTENNA_SPEED_ROLL_H

#include "speed/worker.h"

/**
 * Begins a roll of the pending rows, a file an hour, or adds them to the roll under way, once its files are written;
 * does nothing when the archive has what was read. Does not use the connection, on which a commit may be under way.
 * Error: ERROR_UNAVAILABLE for the disk, and the roll under way has ended.
 */
int roll_begin(struct worker *worker, struct error *error) must_check;

/** Whether a roll is under way whose files are written. */
bool roll_is_encoded(const struct worker *worker) must_check;

/** Whether a roll is under way that has room for another part. */
bool roll_has_room(const struct worker *worker) must_check;

/** For how many milliseconds a roll has been under way; 0: none is. */
int64_t roll_elapsed_ms(const struct worker *worker) must_check;

/**
 * Waits for the files of the roll under way, if there is one, and lists and publishes them, when no commit is under
 * way. Commits the totals before it where they must be first (pending_may_roll_first()). Errors: as
 * write_to_postgres(), and ERROR_UNAVAILABLE for the disk; the roll has ended then, too, and its claims must be given
 * up. Files that are listed and not yet published are for recover_files().
 */
int roll_finish(struct worker *worker, struct error *error) must_check;

/** Archives all that was read: finishes the roll under way, begins another and finishes it. */
int write_to_storage(struct worker *worker, struct error *error) must_check;

/** Waits for the files of the roll under way, if there is one, and deletes them. */
void roll_drop(struct worker *worker);

#endif
