/* The files of an hour on disk, for those who read the archive. */
#ifndef ANTENNA_ARCHIVE_HOUR_FOLDER_H
#define ANTENNA_ARCHIVE_HOUR_FOLDER_H

#include "archive/staging.h"

/**
 * Checks that `storage_path` is a folder that can hold year=…. Error: ERROR_MISTAKE, with a hint when it is the one
 * above.
 */
int storage_check(const char *storage_path, struct error *error) must_check;

/** Paths of all Parquet files in the hour's folder, sorted by name; none when there is no such folder. */
int hour_folder_list(const char *storage_path, int64_t hour, struct file_names *ret_paths, struct error *error)
    must_check;

/** A writer publishes a file within milliseconds of listing it; this is patience enough. */
#define HOUR_FOLDER_PUBLISH_MS 2000

/**
 * The path of a file that is listed as `place` below the storage path: there, or still in the staging folder of a
 * writer that died before it could publish it. A writer that lives is given `patience_ms`. Error: ERROR_MISTAKE when it
 * is nowhere. Free the path.
 */
int hour_folder_find(const char *storage_path, const char *place, int64_t patience_ms, char **ret_path,
                     struct error *error) must_check;

#endif
