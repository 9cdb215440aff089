/* What a crash, or a commit whose answer was lost, may have left in folders below .staging. */
#ifndef ANTENNA_ARCHIVE_RECOVER_H
#define ANTENNA_ARCHIVE_RECOVER_H

#include "archive/staging.h"
#include "archive/swap.h"
#include "postgres/client.h"

/**
 * Publishes the files of one's own folder that are listed in PostgreSQL, goes on with swaps, and deletes all else, when
 * no transaction that could still list them is under way. Errors: ERROR_WORLD; ERROR_MISTAKE when a file is missing.
 */
int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error) must_check;

/**
 * Brings a swap in the writer's folder to its end, wherever it stands: when its new files are listed, they replace
 * those that the list says, else they are deleted; files that the list has as removed from the archive are deleted. The
 * writer's transactions must have ended, and nobody else may know the swap's name.
 */
int recover_swap(struct postgres *postgres, const struct staging *staging, const struct swap *swap, struct error *error)
    must_check;

/**
 * Recovers the folders of dead writers below the root as recover_files() does, and removes them. A folder whose lock is
 * free is taken for a dead writer's; as a network file system may lose a lock, its writer is retired first. One that
 * cannot be recovered by this user, or removed, is left with a warning. Ends early at a stop. Errors: as
 * recover_files(), but ERROR_MISTAKE of a folder.
 */
int recover_abandoned(struct postgres *postgres, const char *root, struct error *error) must_check;

#endif
