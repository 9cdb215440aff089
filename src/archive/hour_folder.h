/* The files of an hour on disk, for those who read the archive. */
#ifndef ANTENNA_ARCHIVE_HOUR_FOLDER_H
#define ANTENNA_ARCHIVE_HOUR_FOLDER_H

#include "archive/staging.h"

/**
 * Checks that `storage_path` is a folder that can hold year=…, and warns of rows in it that belong to no hour. Error:
 * ERROR_CONFIGURATION, with a hint when it is the one above.
 */
int storage_check(const char *storage_path, struct error *error) must_check;

/** Refuses a storage path without any folder year=NUMBER, which then holds no archive. Error: ERROR_CONFIGURATION. */
int storage_require_years(const char *storage_path, struct error *error) must_check;

/**
 * The storage-root, if the storage path lies in one as the speed layer makes it: there its writers have their folders.
 * Free the path. Error: ERROR_CONFIGURATION.
 */
int storage_find_root(const char *storage_path, char **ret_root, struct error *error) must_check;

/** What lies in the folders of an hour. Zero-initialise, then hour_folder_list(). */
struct hour_folder {
    bool lenient;            /* pass over folders that cannot be read as part of any hour, instead of an error */
    struct file_names paths; /* of the Parquet files */
    size_t others; /* those that are not named *.parquet, are no files, or lie beside the folders on the way */
};

/**
 * Lists an hour's folder as Hive's readers find it: numbers may have zeros before them (month=02), and folders of both
 * spellings are one. `hour` is the wall time that the folders name, in seconds as if it were UTC. Paths are sorted;
 * names that begin with . or _ are hidden. Errors: ERROR_CONFIGURATION for a folder NAME=VALUE on the way that is
 * spelled in any other way and for a symbolic link to nothing, unless `lenient`; ERROR_UNAVAILABLE.
 */
int hour_folder_list(const char *storage_path, int64_t hour, struct hour_folder *ret_folder, struct error *error)
    must_check;

/** Frees it. Fits cleanup(). */
void hour_folder_release(struct hour_folder *folder);

/** A writer publishes a file within milliseconds of listing it; this is patience enough. */
#define HOUR_FOLDER_PUBLISH_MS 2000

/**
 * The path of a file that is listed as `place` below the storage path: there, or still in the staging folder of a
 * writer that died before it could publish it. A writer that lives is given `patience_ms`. Error: ERROR_CONFIGURATION
 * when it is nowhere. Free the path.
 */
int hour_folder_find(const char *storage_path, const char *place, int64_t patience_ms, char **ret_path,
                     struct error *error) must_check;

#endif
