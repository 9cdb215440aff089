/*
 * Recovery of the folders below .staging: of one's own after a commit whose answer was lost, and of those of dead
 * writers. The list in PostgreSQL decides about each file: a listed one is published, any other is deleted, and a swap
 * is brought to its end.
 *
 * The list is read only when no transaction that could still list files of the writer is under way
 * (archive_files_seize()). Recovery may be interrupted or run again at any step: each step is either done or repeated.
 */
#ifndef ANTENNA_ARCHIVE_RECOVER_H
#define ANTENNA_ARCHIVE_RECOVER_H

#include "archive/staging.h"
#include "archive/swap.h"
#include "postgres/client.h"

/**
 * Publishes the files of one's own folder that are listed in PostgreSQL, ends swaps, and deletes all other files, when
 * no transaction that could still list them is under way. Errors: ERROR_UNAVAILABLE; ERROR_CONFIGURATION when a file is
 * missing.
 */
int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error) must_check;

/**
 * Brings a swap in the writer's folder to its end, whichever step it has reached: if its new files are listed, they
 * replace the files that the list names, else they are deleted; files that are listed as removed from the archive are
 * deleted. The writer's transactions must have ended, and no other process may know the swap's name.
 */
int recover_swap(struct postgres *postgres, const struct staging *staging, const struct swap *swap, struct error *error)
    must_check;

/**
 * Recovers the folders of dead writers below the root as recover_files() does, and removes them. A folder whose lock is
 * free is taken for a dead writer's; as a network file system may lose a lock, its writer is retired first. One that
 * cannot be recovered by this user, or removed, is left with a warning. Ends early at a stop. Errors: as
 * recover_files(), but ERROR_CONFIGURATION of a folder.
 */
int recover_abandoned(struct postgres *postgres, const char *root, struct error *error) must_check;

#endif
