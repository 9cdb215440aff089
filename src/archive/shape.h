/*
 * How the columns of a Parquet file are read. A file that the speed layer wrote has one shape; other programs write a
 * text as bytes, a number of bytes in 32 bits or a time in nanoseconds. What has another meaning is refused by file,
 * column and type, so that no value is ever taken for another type's.
 */
#ifndef ANTENNA_ARCHIVE_SHAPE_H
#define ANTENNA_ARCHIVE_SHAPE_H

#include "archive/database.h"
#include "record/field.h"

/** The type of each field's column, an index into a table of shape.c. */
struct shape {
    unsigned char types[FIELDS];
};

/**
 * Reads the shapes of files from their footers, ret_shapes[i] for paths[i]. Errors: ERROR_CONFIGURATION, naming the
 * file, for one that is damaged, that lacks a required column, has one twice or has it in another type;
 * ERROR_UNAVAILABLE.
 */
int shapes_read(struct database *database, const struct file_names *paths, struct shape *ret_shapes,
                struct error *error) must_check;

/**
 * Appends a query of the rows of files of the speed layer as it writes them, older ones without the fields that came
 * later. Errors: as shapes_read(), and ERROR_CONFIGURATION for columns of other types than its own.
 */
int shapes_append_own(struct database *database, struct buffer *sql, const struct file_names *paths,
                      struct error *error) must_check;

/** Whether the timestamps have no time zone, so that shapes_append() wants to know one. */
bool shape_has_local_time(const struct shape *shape);

/** Columns of shapes_append() besides bytes and the required texts: DuckDB reads also those that nobody asks for. */
enum shape_wanted {
    SHAPE_WITH_TIME = 1, /* time, microseconds since the Unix epoch */
    SHAPE_WITH_FILE = 2, /* file, the path */
};

/**
 * Appends a query of the files' rows, each file read by its shape. `time_zone` is that of timestamps without one, NULL
 * when there are none; `wanted` has bits of enum shape_wanted.
 */
void shapes_append(struct buffer *sql, const struct file_names *paths, const struct shape *shapes,
                   const char *time_zone, unsigned wanted);

#endif
