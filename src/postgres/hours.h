/* Hours of the archive as the batch layer sees them: their files, and what a run has read of them. */
#ifndef ANTENNA_POSTGRES_HOURS_H
#define ANTENNA_POSTGRES_HOURS_H

#include <stdbool.h>

#include "postgres/client.h"

/** A file that is listed for an hour. */
struct listed_file {
    char *path; /* below the folder that holds year=… */
    int64_t rows;
};

struct listed_files {
    struct listed_file *list;
    size_t count;
};

/** Frees the list. Fits cleanup(). */
void listed_files_release(struct listed_files *files);

/** Waits until no other batch run of the hour is under way, and keeps others out until the transaction ends. */
int hours_lock(struct postgres *postgres, int64_t hour, struct error *error) must_check;

/** The files that are listed for the hour. */
int hours_files(struct postgres *postgres, int64_t hour, struct listed_files *ret_files, struct error *error)
    must_check;

/** Notes what a run has read, if the hour is listed. Tells whether a run was noted before. */
int hours_note_batch(struct postgres *postgres, int64_t hour, int64_t rows, int64_t bytes, bool *ret_rerun,
                     struct error *error) must_check;

#endif
