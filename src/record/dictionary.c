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

uint32_t dictionary_count(const struct dictionary *dictionary)
{
    uint32_t count = 0;

    for (int i = 0; i < DIMENSIONS; i++)
        count += interner_count(dictionary->names[i]);
    return count;
}

size_t dictionary_memory(const struct dictionary *dictionary)
{
    size_t memory = 0;

    for (int i = 0; i < DIMENSIONS; i++)
        memory += interner_memory(dictionary->names[i]);
    return memory;
}

static struct slice name_of(const struct record *record, int dimension)
{
    const struct slice names[DIMENSIONS] = {
        [DIMENSION_ANTENNA] = record->antenna_id,
        [DIMENSION_APP] = record->app,
        [DIMENSION_USER] = record->id,
    };

    return names[dimension];
}

void dictionary_hash(const struct record *record, uint32_t ret_hashes[DIMENSIONS])
{
    for (int i = 0; i < DIMENSIONS; i++)
        ret_hashes[i] = interner_hash(name_of(record, i));
}

void dictionary_fetch_slots(const struct dictionary *dictionary, const uint32_t hashes[DIMENSIONS])
{
    for (int i = 0; i < DIMENSIONS; i++)
        interner_fetch_slot(dictionary->names[i], hashes[i]);
}

void dictionary_fetch_names(const struct dictionary *dictionary, const uint32_t hashes[DIMENSIONS])
{
    for (int i = 0; i < DIMENSIONS; i++)
        interner_fetch_name(dictionary->names[i], hashes[i]);
}

int dictionary_encode(struct dictionary *dictionary, const struct record *record, const uint32_t hashes[DIMENSIONS],
                      struct coded_event *ret_event)
{
    ret_event->timestamp = (uint32_t)record->timestamp;
    ret_event->bytes = record->bytes;
    for (int i = 0; i < DIMENSIONS; i++)
        if (interner_code(dictionary->names[i], name_of(record, i), hashes[i], &ret_event->codes[i]))
            return 1;
    return 0;
}

struct slice dictionary_name(const struct dictionary *dictionary, enum dimension dimension, uint32_t code)
{
    return interner_name(dictionary->names[dimension], code);
}
