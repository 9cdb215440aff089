#include "record/dictionary.h"

const char *const dimension_labels[DIMENSIONS] = {
    [DIMENSION_ANTENNA] = "antenna_bytes_total",
    [DIMENSION_APP] = "app_bytes_total",
    [DIMENSION_USER] = "user_bytes_total",
};

void dictionary_init(struct dictionary *dictionary)
{
    for (int i = 0; i < DIMENSIONS; i++)
        dictionary->names[i] = interner_new();
}

void dictionary_release(struct dictionary *dictionary)
{
    for (int i = 0; i < DIMENSIONS; i++) {
        interner_free(dictionary->names[i]);
        dictionary->names[i] = NULL;
    }
}

void dictionary_clear(struct dictionary *dictionary)
{
    for (int i = 0; i < DIMENSIONS; i++)
        interner_clear(dictionary->names[i]);
}

int dictionary_encode(struct dictionary *dictionary, const struct record *record, struct coded_event *ret_event)
{
    ret_event->timestamp = (uint32_t)record->timestamp;
    ret_event->bytes = record->bytes;
    return interner_code(dictionary->names[DIMENSION_ANTENNA], record->antenna_id,
                         &ret_event->codes[DIMENSION_ANTENNA]) ||
           interner_code(dictionary->names[DIMENSION_APP], record->app, &ret_event->codes[DIMENSION_APP]) ||
           interner_code(dictionary->names[DIMENSION_USER], record->id, &ret_event->codes[DIMENSION_USER]);
}

struct slice dictionary_name(const struct dictionary *dictionary, enum dimension dimension, uint32_t code)
{
    return interner_name(dictionary->names[dimension], code);
}
