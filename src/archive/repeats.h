/* Rows of an hour that repeat others: equal in all columns, as of a producer that sends its messages again. */
#ifndef ANTENNA_ARCHIVE_REPEATS_H
#define ANTENNA_ARCHIVE_REPEATS_H

#include "archive/database.h"

/** What an antenna's rows repeat. */
struct repeat {
    char *antenna;
    int64_t rows;  /* that are there besides the first of each */
    int64_t bytes; /* of these rows */
};

/** Zero-initialise, then repeats_find(); free with repeats_release(). */
struct repeats {
    struct repeat *list; /* the most rows first, then by antenna */
    size_t count;
    bool known; /* whether they were looked for */
};

/**
 * Finds the repeated rows of files that the speed layer wrote, all of an hour. DuckDB keeps a group for each row that
 * differs, and spills those that its memory does not hold. Errors: as shapes_append_own() and database_read().
 */
int repeats_find(struct database *database, const struct file_names *paths, struct repeats *ret_repeats,
                 struct error *error) must_check;

/** Frees them. Fits cleanup(). */
void repeats_release(struct repeats *repeats);

#endif
