/* The definition that the fast path is held against: what jansson reads of a message of the plain shape. */
#ifndef ANTENNA_TESTS_COMPARE_SCAN_H
#define ANTENNA_TESTS_COMPARE_SCAN_H

#include <jansson.h>
#include <string.h>

#include "record/scan.h"

static inline bool same_text(const json_t *object, const char *name, struct slice text)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) && json_string_length(value) == text.size &&
           memcmp(json_string_value(value), text.data, text.size) == 0;
}

static inline bool same_integer(const json_t *object, const char *name, int64_t number)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) && json_integer_value(value) == number;
}

/**
 * Whether the fast path treats the message as it must: it may refuse anything, but what it accepts jansson must accept,
 * too, and read in the same way. `ret_accepted` tells whether the fast path accepted it.
 */
static inline bool scan_agrees(const char *json, size_t size, bool *ret_accepted)
{
    struct record record;
    json_t *object;
    bool same;

    *ret_accepted = scan_record(json, size, &record);
    if (!*ret_accepted)
        return true;
    object = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
    same = json_is_object(object) && json_object_size(object) == 5 &&
           same_integer(object, "timestamp", record.timestamp) && same_integer(object, "bytes", record.bytes) &&
           same_text(object, "id", record.id) && same_text(object, "antenna_id", record.antenna_id) &&
           same_text(object, "app", record.app);
    json_decref(object);
    return same;
}

#endif
