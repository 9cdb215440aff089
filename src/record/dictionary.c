#include "record/dictionary.h"

#include "base/log.h"

/* An absent text is an empty one. It is the first name of each text's interner, so that its code is DICTIONARY_ABSENT
 * (0) in all of them: rows rely on it for memory that is zero. */
static void add_absent(struct dictionary *dictionary)
{
    const struct slice none = {"", 0};

    for (int i = 0; i < TEXTS; i++) {
        uint32_t code;
        int full = interner_code(dictionary->names[i], none, interner_hash(none), &code);

        invariant(!full && code == DICTIONARY_ABSENT);
    }
}

void dictionary_init(struct dictionary *dictionary, total_kind_set kinds)
{
    *dictionary = (struct dictionary){.kinds = kinds};
    for (int i = 0; i < KEYS; i++)
        dictionary->names[i] = interner_new();
    add_absent(dictionary);
}

void dictionary_release(struct dictionary *dictionary)
{
    for (int i = 0; i < KEYS; i++) {
        interner_free(dictionary->names[i]);
        dictionary->names[i] = NULL;
    }
}

void dictionary_clear(struct dictionary *dictionary)
{
    for (int i = 0; i < KEYS; i++)
        interner_clear(dictionary->names[i]);
    add_absent(dictionary);
}

uint32_t dictionary_count(const struct dictionary *dictionary)
{
    uint32_t count = 0;

    for (int i = 0; i < KEYS; i++)
        count += interner_count(dictionary->names[i]);
    return count - TEXTS; /* the absent ones */
}

size_t dictionary_memory(const struct dictionary *dictionary)
{
    size_t memory = 0;

    for (int i = 0; i < KEYS; i++)
        memory += interner_memory(dictionary->names[i]);
    return memory;
}

void dictionary_hash(const struct record *record, uint32_t ret_hashes[TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        ret_hashes[i] = record->texts[i].size ? interner_hash(record->texts[i]) : 0;
}

void dictionary_fetch_slots(const struct dictionary *dictionary, const uint32_t hashes[TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        interner_fetch_slot(dictionary->names[i], hashes[i]);
}

void dictionary_fetch_names(const struct dictionary *dictionary, const uint32_t hashes[TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        interner_fetch_name(dictionary->names[i], hashes[i]);
}

static int encode_pair(struct dictionary *dictionary, const struct record *record, const struct total_kind_entry *kind,
                       struct coded_event *event)
{
    char id[PAIR_SIZE_MAX];
    struct slice name = pair_join(record->texts[kind->texts[0]], record->texts[kind->texts[1]], id);

    return interner_code(dictionary->names[kind->key], name, interner_hash(name), &event->codes[kind->key]);
}

/* Names that were added before an interner was full stay. That is harmless: they are used when the record is encoded
 * again. */
int dictionary_encode(struct dictionary *dictionary, const struct record *record, const uint32_t hashes[TEXTS],
                      struct coded_event *ret_event)
{
    ret_event->timestamp = (uint32_t)record->timestamp;
    ret_event->bytes = record->bytes;
    for (int i = 0; i < TEXTS; i++)
        if (record->texts[i].size == 0)
            ret_event->codes[i] = DICTIONARY_ABSENT;
        else if (interner_code(dictionary->names[i], record->texts[i], hashes[i], &ret_event->codes[i]))
            return 1;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (key_is_pair(total_kinds[kind].key) && total_kind_in(dictionary->kinds, kind) &&
            encode_pair(dictionary, record, &total_kinds[kind], ret_event))
            return 1;
    return 0;
}

struct slice dictionary_name(const struct dictionary *dictionary, int key, uint32_t code)
{
    return interner_name(dictionary->names[key], code);
}
