/*
 * A folder of our own for what DuckDB cannot keep in memory: in the archive's staging folder, whose disk has room for
 * the archive, else where temporary files go. A lock on it shows that its owner lives; those of dead owners are
 * removed.
 */
#ifndef ANTENNA_ARCHIVE_SPILL_H
#define ANTENNA_ARCHIVE_SPILL_H

#include "base/attributes.h"
#include "base/error.h"

/** How the names of these folders begin. */
#define SPILL_PREFIX "spill-"

/** Zero-initialise, then spill_open(). */
struct spill {
    char *path;
    int lock; /* file descriptor of the folder */
};

/** Removes the folders that dead owners left in the folder `place`; what cannot be removed stays. */
void spill_remove_abandoned(const char *place);

/** Removes what dead owners have left and makes a new folder. `storage_path` may be NULL. Errors: as disk_fail(). */
int spill_open(const char *storage_path, struct spill *ret_spill, struct error *error) must_check;

/** Removes the folder with its files; a zeroed struct is fine. */
void spill_close(struct spill *spill);

#endif
