/*
 * Parameters of one statement: texts, numbers and arrays. Arrays travel in PostgreSQL's binary array format
 * (array_recv in src/backend/utils/adt/arrayfuncs.c: dimensions, flags, element type, length, lower bound, elements
 * with their sizes; all big-endian), the rest as text.
 */
#ifndef ANTENNA_POSTGRES_PARAMETERS_H
#define ANTENNA_POSTGRES_PARAMETERS_H

#include <postgres_ext.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

#define PARAMETERS_MAX 16
#define NUMBER_TEXT_SIZE 24
#define COLUMNS_MAX 9

/** Types of elements; ARRAY_END ends a list of them. */
enum array_element { ARRAY_END, ARRAY_TEXT, ARRAY_BIGINT, ARRAY_INTEGER, ARRAY_TIMESTAMP, ARRAY_BYTEA };

/** One element: of ARRAY_TEXT and ARRAY_BYTEA the bytes, of ARRAY_TIMESTAMP seconds since the Unix epoch. */
union element {
    int64_t number;
    struct slice bytes;
};

/** A one-dimensional array under construction; begin with array_begin(). */
struct array {
    struct buffer buffer;
    enum array_element type;
    int32_t count;
};

/** Empties the array and sets its element type. A zeroed struct may be begun; release with array_release(). */
void array_begin(struct array *array, enum array_element type);

/** Appends an element. */
void array_add(struct array *array, union element element);

/** Begins an array of texts and fills it. */
void array_of_texts(struct array *array, const char *const *texts, size_t count);

/** Begins an array of this type and fills it. */
void array_of_numbers(struct array *array, enum array_element type, const int64_t *numbers, size_t count);

/** Frees the array. Fits cleanup(). */
void array_release(struct array *array);

/** Arrays of the same length, filled row by row, such as those that unnest() makes rows of again. */
struct columns {
    int count;
    struct array arrays[COLUMNS_MAX];
};

/** Empties the arrays and sets their types. A zeroed struct may be begun; release with columns_release(). */
void columns_begin(struct columns *columns, const enum array_element *types);

/** Appends a row, an element for each array. */
void columns_add(struct columns *columns, const union element *row);

/** How many rows there are. */
size_t columns_rows(const struct columns *columns);

/** Frees the arrays. Fits cleanup(). */
void columns_release(struct columns *columns);

/** Zero-initialise, then add the values of $1, $2 … in order. The values must outlive the statement. */
struct parameters {
    int count;
    Oid types[PARAMETERS_MAX];
    const char *values[PARAMETERS_MAX];
    int sizes[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    char numbers[PARAMETERS_MAX][NUMBER_TEXT_SIZE];
};

/** A text; its SQL type follows from where it stands. NULL is SQL's NULL. */
void parameters_text(struct parameters *parameters, const char *text);

/** A boolean. */
void parameters_flag(struct parameters *parameters, bool flag);

/** A bigint. */
void parameters_number(struct parameters *parameters, int64_t number);

/** A timestamp without time zone from seconds since the Unix epoch, UTC. */
void parameters_timestamp(struct parameters *parameters, int64_t time);

/** An array; it may be added to no longer. */
void parameters_array(struct parameters *parameters, struct array *array);

/** The arrays from number `first` to before `end`; rows may be added no longer. */
void parameters_arrays(struct parameters *parameters, struct columns *columns, int first, int end);

/** All of them. */
void parameters_columns(struct parameters *parameters, struct columns *columns);

#endif
