/* What a crash, or a commit whose answer was lost, may have left in folders below .staging. */
#ifndef ANTENNA_ARCHIVE_RECOVER_H
#define ANTENNA_ARCHIVE_RECOVER_H

#include "archive/staging.h"
#include "postgres/client.h"

/**
 * Publishes the files of the folder that are listed in PostgreSQL, goes on with swaps, and deletes all else, when no
 * transaction that could still list them is under way. Errors: ERROR_WORLD; ERROR_MISTAKE when a file is missing.
 */
int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error) must_check;

/**
 * Brings the swap of an hour to its end, wherever it stands: when its new files are listed, they replace those that the
 * list says, else they are deleted. The writer's transactions must have ended.
 */
int recover_swap(struct postgres *postgres, const struct staging *staging, int64_t hour, struct error *error)
    must_check;

/** Recovers the folders of dead writers below the root, and removes them. */
int recover_abandoned(struct postgres *postgres, const char *root, struct error *error) must_check;

#endif
