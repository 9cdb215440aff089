/* Which files have rows of a user. */
#ifndef ANTENNA_ARCHIVE_TRACES_H
#define ANTENNA_ARCHIVE_TRACES_H

#include "archive/reader.h"

/**
 * Counts the rows of each file, of the speed layer or of another program, that have exactly this id: ret_rows[i] of
 * paths[i]. Errors: those of shapes_read(), and ERROR_UNAVAILABLE for input and output, each naming the file when it is
 * one file's fault.
 */
int traces_count(struct reader *reader, const struct file_names *paths, const char *id, int64_t *ret_rows,
                 struct error *error) must_check;

#endif
