/* What a crash, or a commit whose answer was lost, may have left in folders below .staging. */
#ifndef ANTENNA_ARCHIVE_RECOVER_H
#define ANTENNA_ARCHIVE_RECOVER_H

#include "archive/staging.h"
#include "postgres/client.h"

/**
 * Publishes the files of the folder that are listed in PostgreSQL and deletes the others, when no transaction that
 * could still list them is under way. Errors: ERROR_WORLD.
 */
int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error) must_check;

/** Recovers the folders of dead writers below the root, and removes them. */
int recover_abandoned(struct postgres *postgres, const char *root, struct error *error) must_check;

#endif
