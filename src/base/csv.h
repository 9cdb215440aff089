/* Reads a CSV file by RFC 4180: fields between commas, quoted ones may hold commas, quotes (doubled) and line breaks.
 */
#ifndef ANTENNA_BASE_CSV_H
#define ANTENNA_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/** Largest file that is read, in bytes, and most fields of a row. */
#define CSV_SIZE_MAX (256 * 1024 * 1024)
#define CSV_FIELDS_MAX 16

/** One row; empty lines are no rows. */
struct csv_row {
    size_t line; /* where it begins, from 1 */
    size_t count;
    const char *fields[CSV_FIELDS_MAX]; /* NUL-terminated, owned by the reader */
};

struct csv;

/**
 * Opens a file and reads it into memory; a byte order mark of UTF-8 is skipped. Errors: ERROR_CONFIGURATION when it
 * cannot be read, is too large or contains a NUL. Close with csv_close().
 */
int csv_open(const char *path, struct csv **ret_csv, struct error *error) must_check;

/** Frees the reader and what its rows point to; NULL is fine. */
void csv_close(struct csv *csv);

/**
 * The next row. Returns 1 at the end of the file. Error: ERROR_CONFIGURATION with the line, for a quote that is not
 * closed, text behind a closing quote, or too many fields; nothing can be read after it.
 */
int csv_next(struct csv *csv, struct csv_row *ret_row, struct error *error) must_check;

#endif
