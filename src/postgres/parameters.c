#include "postgres/parameters.h"

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"

/* Seconds from 1970-01-01 to 2000-01-01, where PostgreSQL's timestamps begin (POSTGRES_EPOCH_JDATE). */
#define POSTGRES_EPOCH 946684800LL

/* Array header: dimensions, flags, element type, length, lower bound. */
#define HEADER_SIZE 20
#define HEADER_LENGTH_AT 12

/* From pg_type.dat of PostgreSQL: the OIDs of built-in types and their arrays never change. */
static const struct {
    Oid element, array;
} type_oids[] = {
    [ARRAY_TEXT] = {25, 1009},        [ARRAY_BIGINT] = {20, 1016}, [ARRAY_INTEGER] = {23, 1007},
    [ARRAY_TIMESTAMP] = {1114, 1115}, [ARRAY_BYTEA] = {17, 1001},
};

#define BIGINT_OID 20
#define TIMESTAMP_OID 1114

static void append_int32(struct buffer *buffer, uint32_t number)
{
    number = htonl(number);
    buffer_append(buffer, &number, sizeof(number));
}

static void append_int64(struct buffer *buffer, int64_t number)
{
    uint64_t big_endian = htobe64((uint64_t)number);

    append_int32(buffer, sizeof(big_endian));
    buffer_append(buffer, &big_endian, sizeof(big_endian));
}

/* The header of an array in binary form (array_send() in PostgreSQL): one dimension, whose length parameters_array()
 * fills in, no NULLs, and a lower bound of 1. */
void array_begin(struct array *array, enum array_element type)
{
    buffer_clear(&array->buffer);
    array->type = type;
    array->count = 0;
    append_int32(&array->buffer, 1);
    append_int32(&array->buffer, 0);
    append_int32(&array->buffer, type_oids[type].element);
    append_int32(&array->buffer, 0);
    append_int32(&array->buffer, 1);
}

void array_add(struct array *array, union element element)
{
    switch (array->type) {
    case ARRAY_TEXT:
    case ARRAY_BYTEA:
        append_int32(&array->buffer, (uint32_t)element.bytes.size);
        buffer_append(&array->buffer, element.bytes.data, element.bytes.size);
        break;
    case ARRAY_BIGINT:
        append_int64(&array->buffer, element.number);
        break;
    case ARRAY_INTEGER:
        append_int32(&array->buffer, sizeof(int32_t));
        append_int32(&array->buffer, (uint32_t)element.number);
        break;
    case ARRAY_TIMESTAMP:
        append_int64(&array->buffer, (element.number - POSTGRES_EPOCH) * US_PER_SECOND);
        break;
    case ARRAY_END:
        break;
    }
    array->count++;
}

void array_of_texts(struct array *array, const char *const *texts, size_t count)
{
    array_begin(array, ARRAY_TEXT);
    for (size_t i = 0; i < count; i++)
        array_add(array, (union element){.bytes = slice_of(texts[i])});
}

void array_of_numbers(struct array *array, enum array_element type, const int64_t *numbers, size_t count)
{
    array_begin(array, type);
    for (size_t i = 0; i < count; i++)
        array_add(array, (union element){numbers[i]});
}

void array_release(struct array *array)
{
    buffer_release(&array->buffer);
}

void columns_begin(struct columns *columns, const enum array_element *types)
{
    for (columns->count = 0; types[columns->count] != ARRAY_END; columns->count++) {
        invariant(columns->count < COLUMNS_MAX);
        array_begin(&columns->arrays[columns->count], types[columns->count]);
    }
}

void columns_add(struct columns *columns, const union element *row)
{
    for (int i = 0; i < columns->count; i++)
        array_add(&columns->arrays[i], row[i]);
}

size_t columns_rows(const struct columns *columns)
{
    return (size_t)columns->arrays[0].count;
}

void columns_release(struct columns *columns)
{
    for (int i = 0; i < COLUMNS_MAX; i++)
        array_release(&columns->arrays[i]);
}

static int add(struct parameters *parameters, Oid type, const char *value, size_t size, int format)
{
    int index = parameters->count++;

    invariant(index < PARAMETERS_MAX);
    parameters->types[index] = type;
    parameters->values[index] = value;
    parameters->sizes[index] = (int)size;
    parameters->formats[index] = format;
    return index;
}

void parameters_text(struct parameters *parameters, const char *text)
{
    add(parameters, 0, text, 0, 0);
}

void parameters_flag(struct parameters *parameters, bool flag)
{
    parameters_text(parameters, flag ? "true" : "false");
}

void parameters_number(struct parameters *parameters, int64_t number)
{
    char *text = parameters->numbers[parameters->count];

    snprintf(text, NUMBER_TEXT_SIZE, "%" PRId64, number);
    add(parameters, BIGINT_OID, text, 0, 0);
}

void parameters_timestamp(struct parameters *parameters, int64_t time)
{
    char formatted[TIME_TEXT_SIZE];
    char *text = parameters->numbers[parameters->count];

    /* The type has no zone: PostgreSQL would ignore the Z, which says UTC to people only. */
    snprintf(text, NUMBER_TEXT_SIZE, "%.19s", time_format(time, formatted));
    add(parameters, TIMESTAMP_OID, text, 0, 0);
}

void parameters_array(struct parameters *parameters, struct array *array)
{
    uint32_t count = htonl((uint32_t)array->count);

    memcpy(array->buffer.data + HEADER_LENGTH_AT, &count, sizeof(count));
    if (array->count == 0) {
        /* An empty array has no dimension at all. */
        memset(array->buffer.data, 0, sizeof(uint32_t));
        add(parameters, type_oids[array->type].array, array->buffer.data, HEADER_LENGTH_AT, 1);
        return;
    }
    invariant(array->buffer.size > HEADER_SIZE);
    add(parameters, type_oids[array->type].array, array->buffer.data, array->buffer.size, 1);
}

void parameters_arrays(struct parameters *parameters, struct columns *columns, int first, int end)
{
    for (int i = first; i < end; i++)
        parameters_array(parameters, &columns->arrays[i]);
}

void parameters_columns(struct parameters *parameters, struct columns *columns)
{
    parameters_arrays(parameters, columns, 0, columns->count);
}
