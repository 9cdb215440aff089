/*
 * Files and folders of the archive, written so that they are on disk when the function returns. Errors:
 * ERROR_CONFIGURATION for rights and for paths that are wrong, ERROR_UNAVAILABLE for a disk that is full or out of
 * order.
 */
#ifndef ANTENNA_ARCHIVE_DISK_H
#define ANTENNA_ARCHIVE_DISK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/slice.h"

/** Names of files, owned texts. Zero-initialise. */
struct file_names {
    char **names;
    size_t count;
};

/** Frees the names. Fits cleanup(). */
void file_names_release(struct file_names *names);

/** Adds a copy of a name. */
void file_names_add(struct file_names *names, const char *name);

/** Where a name is, looked for first at the place where it is expected; the count when it is nowhere. */
size_t file_names_find(const struct file_names *names, struct slice name, size_t expected);

/** The last part of a path: the name of the file or folder. */
const char *disk_name_of(const char *path);

/** Whether a path still names an open file; if not, errno is ENOENT or why that cannot be told. */
bool disk_names_file(const char *path, int file) must_check;

/** Fails with ERROR_CONFIGURATION if the path is a symbolic link: deleting it would leave the file that it points to.
 */
int disk_refuse_link(const char *path, struct error *error) must_check;

/** Fills `error` from errno: could not `what` `path`. Always returns -1. */
int disk_fail(struct error *error, const char *what, const char *path);

/** Waits until the disk has the file, and returns its size in bytes. */
int disk_sync_file(const char *path, int64_t *ret_size, struct error *error) must_check;

/** Waits until the disk knows the names in the folder. */
int disk_sync_folder(const char *path, struct error *error) must_check;

/** Copies a file to a new one, or over an old one, and waits until the disk has its bytes; its name may be lost. */
int disk_copy(const char *from, const char *to, struct error *error) must_check;

/** Makes the folder with all above it, each known to the disk before the next. */
int disk_make_folder(const char *path, struct error *error) must_check;

/** Adds the entries of an open folder, hidden ones too, and closes it. Returns 0, or -1 with errno. */
int disk_read_folder(DIR *folder, struct file_names *ret_names) must_check;

/** The entries of a folder, hidden ones too. */
int disk_list(const char *path, struct file_names *ret_names, struct error *error) must_check;

#endif
