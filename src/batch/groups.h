/* Groups of an hour's files, each of which becomes one file: small files of a job and topic, in the order of their
 * paths, up to a size; or each file alone. */
#ifndef ANTENNA_BATCH_GROUPS_H
#define ANTENNA_BATCH_GROUPS_H

#include "archive/reader.h"
#include "postgres/hours.h"

/** Files are merged up to about this size in bytes; those of at least half of it are left alone. */
#define GROUPS_FILE_SIZE_TARGET (256LL * 1024 * 1024)

/** Files that become one; they belong to the list. */
struct group {
    const struct listed_file **files;
    size_t count;
    int64_t size;                /* bytes, of all */
    struct file_content content; /* of all, as listed */
};

/** Zero-initialise, then groups_form() or groups_add(). */
struct groups {
    struct group *list;
    size_t count;
    const struct listed_file **small; /* what the groups are parts of */
};

/**
 * Forms the groups of an hour's files, which must outlive them. Errors: ERROR_CONFIGURATION for a file that is missing
 * or has another size than listed.
 */
int groups_form(struct groups *groups, const char *storage_path, const struct listed_files *files, struct error *error)
    must_check;

/** Adds a group of one file, which must outlive it; `most` files are added at most. */
void groups_add(struct groups *groups, const struct listed_file *file, size_t most);

/** Frees the groups. Fits cleanup(). */
void groups_release(struct groups *groups);

/** What the list says of a file, as reader_inspect() says it. */
struct file_content groups_content(const struct listed_file *file);

/** Whether both are the same. */
bool groups_same_content(const struct file_content *left, const struct file_content *right);

#endif
