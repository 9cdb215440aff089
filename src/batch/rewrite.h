/*
 * Files of an hour that new ones with the same rows replace: merged, or with another id in the rows of a user. Readers
 * of the list and readers of the folder see the files before it or those after it.
 *
 * The caller holds the hour (hours_hold()), so that batch runs wait, and gives a staging folder of its own.
 *
 * The steps: write the new files to a swap folder, and compare them with the list; list them in one transaction, in
 * which the old ones get `replaced_by`; exchange the folders and delete the old files (recover_swap()). The COMMIT
 * decides: an error before it changes nothing, and after it recovery does the rest.
 */
#ifndef ANTENNA_BATCH_REWRITE_H
#define ANTENNA_BATCH_REWRITE_H

#include "archive/merge.h"
#include "archive/reader.h"
#include "batch/groups.h"

/** With what files are rewritten. */
struct rewrite_tools {
    struct postgres *postgres;
    struct reader *reader;
    const char *storage_path;
    enum parquet_codec codec;
};

/** What becomes of the files of an hour. */
struct rewrite {
    const struct rewrite_tools *tools;
    int64_t hour;
    const struct groups *groups;      /* each becomes one file */
    const struct changed_id *changed; /* NULL: the rows stay as they are */
    /** Runs first in the transaction that lists the new files: not 0 rolls it back. NULL: there is nothing else. */
    int (*take_part)(void *context, struct error *error);
    void *context;
};

/**
 * Rewrites the files. Until the transaction that lists the new ones ends, an error, or a positive result of
 * `take_part`, which is returned, changes nothing; after it, recovery brings the hour to its end. Errors:
 * ERROR_CONFIGURATION for a file that is damaged or not as the list says, with its name, and where folders cannot be
 * exchanged; ERROR_UNAVAILABLE; those of `take_part`.
 */
int rewrite_files(const struct rewrite *rewrite, const struct staging *staging, struct error *error) must_check;

#endif
