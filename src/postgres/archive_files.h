/*
 * The list of the archive's files (antenna.archive_file) and of its hours (antenna.hour), as writers keep it. The list
 * decides which files belong to the archive: a file in staging that is not listed will be deleted.
 *
 * Two locks keep writers and recovery apart. A transaction that lists files of a writer shares the advisory lock of the
 * writer's token (archive_files_hold()); recovery takes it exclusively (archive_files_seize()), and so waits for that
 * transaction. A retired token (antenna.retired_writer) lists nothing any more, even if its writer lives.
 */
#ifndef ANTENNA_POSTGRES_ARCHIVE_FILES_H
#define ANTENNA_POSTGRES_ARCHIVE_FILES_H

#include "postgres/progress.h"

/** One complete Parquet file. Times are seconds since the Unix epoch. */
struct archive_file {
    const char *path; /* below the folder that holds year=… */
    int64_t hour;
    int64_t rows;
    int64_t bytes_total;
    int64_t min_timestamp, max_timestamp;
    int64_t size;        /* bytes */
    const char *offsets; /* {"partition": [first, last], …} */
};

/** Files on their way into the list. Zero-initialise, then archive_files_begin(). */
struct archive_files {
    struct columns rows;
    int64_t last_hour; /* of the file that was added last */
    size_t hour_count; /* different hours */
};

/** Empties the collection. */
void archive_files_begin(struct archive_files *files);

/** Frees it. Fits cleanup(). */
void archive_files_release(struct archive_files *files);

/** Adds a file; files are added in the order of their hours. */
void archive_files_add(struct archive_files *files, const struct archive_file *file);

/** Begins the transaction that lists files of the writer with this token. Error: ERROR_UNAVAILABLE when it is retired.
 */
int archive_files_hold(struct postgres *postgres, const char *token, struct error *error) must_check;

/** Fails with ERROR_UNAVAILABLE when the writer with this token is retired. */
int archive_files_check_writer(struct postgres *postgres, const char *token, struct error *error) must_check;

/** Waits, inside a transaction, until no other transaction lists files of the writer with this token. */
int archive_files_seize(struct postgres *postgres, const char *token, struct error *error) must_check;

/**
 * Retires the writer with this token, inside the transaction that has seized its files: whether or not it lives, it
 * lists none any more.
 */
int archive_files_retire(struct postgres *postgres, const char *token, struct error *error) must_check;

/** Whether the writer with this token is retired. */
int archive_files_find_retired(struct postgres *postgres, const char *token, bool *ret_retired, struct error *error)
    must_check;

/** Lists the files and adds them to their hours, inside a transaction. */
int archive_files_insert(struct postgres *postgres, const struct progress_key *key, struct archive_files *files,
                         struct error *error) must_check;

/** Sets ret_listed[i] to whether paths[i] is listed. */
int archive_files_find(struct postgres *postgres, const char *const *paths, size_t count, bool *ret_listed,
                       struct error *error) must_check;

/** Reads paths of listed files by which an archive without identity is recognised, one a row. Free with PQclear(). */
int archive_files_sample(struct postgres *postgres, PGresult **ret_paths, struct error *error) must_check;

/** Paths of files that another has replaced, sorted by strcmp(), and for each the path of that other. */
struct replaced_files {
    char **paths;
    char **replaced_by;
    size_t count;
};

/** Frees the list. Fits cleanup(). */
void replaced_files_release(struct replaced_files *files);

/**
 * Lists the file `path` of `size` bytes, which holds the rows of the `count` files of one job and topic at `replaced`,
 * and replaces these in the list, inside a transaction. Error: ERROR_FAILED when one of them is not listed any more.
 */
int archive_files_replace(struct postgres *postgres, const char *path, int64_t size, const char *const *replaced,
                          size_t count, struct error *error) must_check;

/** The files of an hour that files of the writer with this token have replaced, and that are still to be deleted. */
int archive_files_replaced(struct postgres *postgres, const char *token, int64_t hour, struct replaced_files *ret_files,
                           struct error *error) must_check;

/** Takes these off the list, after they were deleted. */
int archive_files_delete_replaced(struct postgres *postgres, const char *token, int64_t hour, struct error *error)
    must_check;

#endif
