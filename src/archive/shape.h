/*
 * How the columns of a Parquet file are read. A file that the speed layer wrote has one shape; other programs write a
 * text as bytes, a number of bytes in 32 bits or a time in nanoseconds. What has another meaning is refused by file,
 * column and type, so that no value is ever taken for another type's.
 */
#ifndef ANTENNA_ARCHIVE_SHAPE_H
#define ANTENNA_ARCHIVE_SHAPE_H

#include "archive/database.h"

/** The columns that are read. */
enum shape_column { SHAPE_TIMESTAMP, SHAPE_ID, SHAPE_ANTENNA_ID, SHAPE_BYTES, SHAPE_APP, SHAPE_COLUMNS };

/** The type of each column, an index into a table of shape.c. */
struct shape {
    unsigned char types[SHAPE_COLUMNS];
};

/**
 * Reads the shapes of files from their footers, ret_shapes[i] for paths[i]. Errors: ERROR_MISTAKE, naming the file, for
 * one that is damaged, that lacks a column, has it twice or has it in another type; ERROR_WORLD.
 */
int shapes_read(struct database *database, const struct file_names *paths, struct shape *ret_shapes,
                struct error *error) must_check;

/** Refuses files whose columns have other types than those that the speed layer writes. Errors: as shapes_read(). */
int shapes_require_own(struct database *database, const struct file_names *paths, struct error *error) must_check;

/** Whether the timestamps have no time zone, so that shapes_append() wants to know one. */
bool shape_has_local_time(const struct shape *shape);

/** Columns of shapes_append() besides id, antenna_id, bytes and app: DuckDB reads also those that nobody asks for. */
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
