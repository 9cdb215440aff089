/* The definition that the fast path is held against: what jansson reads of a message of the plain shape. */
#ifndef ANTENNA_TESTS_COMPARE_SCAN_H
#define ANTENNA_TESTS_COMPARE_SCAN_H

#include <jansson.h>
#include <string.h>

#include "record/scan.h"

static inline bool same_text(const json_t *value, struct slice text)
{
    return json_is_string(value) && json_string_length(value) == text.size &&
           memcmp(json_string_value(value), text.data, text.size) == 0;
}

static inline bool same_integer(const json_t *value, int64_t number)
{
    return json_is_integer(value) && json_integer_value(value) == number;
}

/* Whether a field is in the record as in the object; counts those that are in the object. */
static inline bool same_field(const json_t *object, const struct field_entry *field, const struct record *record,
                              size_t *count)
{
    const json_t *value = json_object_get(object, field->name);

    *count += value != NULL;
    if (field->kind == FIELD_KIND_TIME)
        return same_integer(value, record->timestamp);
    if (field->kind == FIELD_KIND_AMOUNT)
        return same_integer(value, record->bytes);
    return value ? same_text(value, record->texts[field->text])
                 : !field->required && record->texts[field->text].size == 0;
}

/**
 * Whether the fast path treats the message as it must: it may refuse anything, but what it accepts jansson must accept,
 * too, and read in the same way. `ret_accepted` tells whether the fast path accepted it.
 */
static inline bool scan_agrees(const char *json, size_t size, bool *ret_accepted)
{
    struct record record;
    size_t count = 0;
    json_t *object;
    bool same;

    *ret_accepted = scan_record(json, size, &record);
    if (!*ret_accepted)
        return true;
    object = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
    same = json_is_object(object);
    for (enum field field = 0; field < FIELDS && same; field++)
        same = same_field(object, &record_fields[field], &record, &count);
    same = same && json_object_size(object) == count;
    json_decref(object);
    return same;
}

#endif
