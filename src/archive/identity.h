/*
 * The archive's identity: a UUID in the database (antenna.data_set) and in a hidden file of the folder that holds
 * year=…, which readers of Parquet skip. It distinguishes the archive from an empty folder under a mount point,
 * and from another's. The protocol: docs/data-set.md, "Archive identity".
 */
#ifndef ANTENNA_ARCHIVE_IDENTITY_H
#define ANTENNA_ARCHIVE_IDENTITY_H

#include "postgres/data_set.h"

/** The file's name: the identity's 36 characters and a line break. */
#define IDENTITY_NAME ".antenna-archive"

enum identity_use {
    IDENTITY_READ,    /* files are read; nothing is written */
    IDENTITY_FOREIGN, /* files of others are read, too: a folder without identity will do */
    IDENTITY_OWN,     /* the archive is written: a new one gets its identity */
    IDENTITY_ADOPT,   /* the operator says that it is the archive, whatever its identity */
};

/**
 * Checks that `data`, the folder that holds year=…, is the archive of the database, and writes the identity where `use`
 * allows it. An archive of before identities is known by listed files that are there. Errors: ERROR_CONFIGURATION for
 * another archive, and for a folder without identity while files are listed, with what to do. `ret_id` is the identity,
 * or empty when the folder may be without.
 */
int identity_check(struct postgres *postgres, const char *data, enum identity_use use, char ret_id[DATA_SET_ID_SIZE],
                   struct error *error) must_check;

/** Whether the archive has no file yet, in its folder or elsewhere: none is listed, and the folder has the identity or
 * nothing was counted. */
int identity_is_new(struct postgres *postgres, const char *data, bool *ret_new, struct error *error) must_check;

/** Refuses a folder that is the database's own archive, or a copy of it: its rows are listed. Error:
 * ERROR_CONFIGURATION. */
int identity_refuse_own(struct postgres *postgres, const char *data, struct error *error) must_check;

/** Refuses a file at `path` below `data` that the speed layer wrote, by its name, when the folder has no identity: it
 * may be of a copy of the database's own archive. Error: ERROR_CONFIGURATION. */
int identity_refuse_unmarked(const char *data, const char *path, struct error *error) must_check;

/** Looks whether the folder still has the identity; an empty one is not looked for. Error: ERROR_UNAVAILABLE when it is
 * missing, as after an unmount, or another. */
int identity_probe(const char *data, const char *id, struct error *error) must_check;

/** After an operation failed by ERROR_CONFIGURATION: replaces `error` by that of identity_probe() when it finds one.
 * Otherwise an unmount during the operation looks like a wrong path, and ends a service that should wait. */
void identity_explain(const char *data, const char *id, struct error *error);

#endif
