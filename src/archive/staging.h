/*
 * A writer's own folder of files that readers must not see yet, `<root>/.staging/<token>/`, held by a lock while the
 * writer lives. A file is written here, listed in PostgreSQL by a transaction, and then published: moved to its place
 * below `<root>/data`, durably. The list decides whether a file found here belongs to the archive: a listed one is
 * published, any other deleted.
 *
 * The lock (flock(2)) ends with the process, however it ends; so a folder whose lock is free is a dead writer's. A
 * network file system may lose a lock, so this alone decides nothing: recovery also retires the token
 * (archive/recover.h).
 */
#ifndef ANTENNA_ARCHIVE_STAGING_H
#define ANTENNA_ARCHIVE_STAGING_H

#include "archive/disk.h"
#include "archive/layout.h"

/** Free bytes without which no writer starts: a roll of the default size is about this large. */
#define STAGING_SPACE_MIN (4 * 1024 * 1024)

struct staging;

/**
 * Makes the root's folders where they are missing and takes a new folder below .staging. Errors: ERROR_CONFIGURATION
 * when the root cannot be written, ERROR_UNAVAILABLE when its disk is full.
 */
int staging_open(const char *root, struct staging **ret_staging, struct error *error) must_check;

/** Removes hidden files, and the folder if it is empty then; releases the lock and frees. NULL is fine. */
void staging_close(struct staging *staging);

/** Whether the folder is still there with our lock. One that was lost is taken again if nobody else has it. */
bool staging_is_held(const struct staging *staging);

/** Takes a new folder below the same root; the one before is left to the next recovery. Errors: as staging_open(). */
int staging_renew(struct staging **staging, struct error *error) must_check;

/** The root that it was opened for. */
const char *staging_root(const struct staging *staging);

/** The writer's token, LAYOUT_TOKEN_DIGITS hexadecimal digits. */
const char *staging_token(const struct staging *staging);

/** Checks that the disk takes STAGING_SPACE_MIN bytes more, by taking them. Error: ERROR_UNAVAILABLE when it does not.
 */
int staging_check_space(const struct staging *staging, struct error *error) must_check;

/**
 * Looks whether a file could be written now, without writing one: the folder is there, the disk can be written to and
 * says that it has STAGING_SPACE_MIN bytes and a file left. Errors: as disk_fail(), ERROR_UNAVAILABLE when it is full.
 */
int staging_probe(const struct staging *staging, struct error *error) must_check;

/** Writes the path for a new file of that name. Free the text. */
char *staging_path(const struct staging *staging, const char *name) must_check;

/** Waits until the disk knows the names of the files in this folder. */
int staging_sync(const struct staging *staging, struct error *error) must_check;

/** The files in this folder but its lock and hidden ones, whatever their names. */
int staging_list(const struct staging *staging, struct file_names *ret_names, struct error *error) must_check;

/** Moves a file that is listed in PostgreSQL to its place, on another file system too, and waits until the disk knows.
 */
int staging_publish(const struct staging *staging, const char *name, struct error *error) must_check;

/** Deletes a file that is not listed, or an empty folder. */
int staging_delete(const struct staging *staging, const char *name, struct error *error) must_check;

/** The tokens of all writers' folders below the root, of living and of dead ones. */
int staging_find(const char *root, struct file_names *ret_tokens, struct error *error) must_check;

/**
 * Takes over the folder of a writer that is dead. Returns 1 when the writer lives or the folder is gone. Recover its
 * files and close it as if it were one's own. Errors: as disk_fail(), ERROR_CONFIGURATION for the folder of another
 * user.
 */
int staging_adopt(const char *root, const char *token, struct staging **ret_staging, struct error *error) must_check;

#endif
