/*
 * Parameters of one statement: texts, numbers and arrays. Arrays travel in PostgreSQL's binary array format
 * (array_recv in src/backend/utils/adt/arrayfuncs.c: dimensions, flags, element type, length, lower bound, elements
 * with their sizes; all big-endian), the rest as text.
 */
#ifndef ANTENNA_POSTGRES_PARAMETERS_H
#define ANTENNA_POSTGRES_PARAMETERS_H

#include <postgres_ext.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

#define PARAMETERS_MAX 16
#define NUMBER_TEXT_SIZE 24

/** A one-dimensional array under construction; begin with array_begin(). */
struct array {
    struct buffer buffer;
    Oid type; /* of the array */
    int32_t count;
};

enum array_element { ARRAY_TEXT, ARRAY_BIGINT, ARRAY_INTEGER, ARRAY_TIMESTAMP, ARRAY_BYTEA };

/** Empties the array and sets its element type. A zeroed struct may be begun; release with array_release(). */
void array_begin(struct array *array, enum array_element element);

/** Appends a text or bytea element. */
void array_add_bytes(struct array *array, struct slice bytes);

/** Appends a bigint element. */
void array_add_bigint(struct array *array, int64_t number);

/** Appends an integer element. */
void array_add_integer(struct array *array, int32_t number);

/** Appends a timestamp without time zone: `time` is in seconds since the Unix epoch. */
void array_add_timestamp(struct array *array, int64_t time);

/** Frees the array. Fits cleanup(). */
void array_release(struct array *array);

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

/** A bigint. */
void parameters_number(struct parameters *parameters, int64_t number);

/** A timestamp without time zone from seconds since the Unix epoch, UTC. */
void parameters_timestamp(struct parameters *parameters, int64_t time);

/** An array; it may be added to no longer. */
void parameters_array(struct parameters *parameters, struct array *array);

#endif
