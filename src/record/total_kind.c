#include "record/total_kind.h"

#include <assert.h>

#define KEY_ONE(NAME, FIRST)                                                                                           \
    TEXT_##FIRST,                                                                                                      \
    {                                                                                                                  \
        TEXT_##FIRST, TEXT_##FIRST                                                                                     \
    }
#define KEY_PAIR(NAME, FIRST, SECOND)                                                                                  \
    KEY_##NAME,                                                                                                        \
    {                                                                                                                  \
        TEXT_##FIRST, TEXT_##SECOND                                                                                    \
    }
#define ENTRY(NAME, label, unit, standard, turn, key, ...)                                                             \
    [TOTAL_##NAME] = {label, TOTAL_UNIT_##unit, standard, turn, KEY_##key(NAME, __VA_ARGS__)},

const struct total_kind_entry total_kinds[TOTAL_KINDS] = {TOTAL_KINDS_TABLE(ENTRY)};

static_assert(TOTAL_KINDS <= 8 * sizeof(total_kind_set), "a set has a bit for each kind");

total_kind_set total_kinds_standard(void)
{
    total_kind_set set = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        set |= (total_kind_set)total_kinds[kind].standard << kind;
    return set;
}

enum total_kind total_kind_find(struct slice label)
{
    enum total_kind kind = 0;

    while (kind < TOTAL_KINDS && !slice_equal(slice_of(total_kinds[kind].label), label))
        kind++;
    return kind;
}

const char *total_unit_name(enum total_kind kind)
{
    return kind < TOTAL_KINDS && total_counts_events(kind) ? "events" : "bytes";
}

enum key_part total_kind_part(enum total_kind kind, enum text text)
{
    const struct total_kind_entry *entry = &total_kinds[kind];

    if (!key_is_pair(entry->key))
        return entry->texts[0] == text ? KEY_WHOLE : KEY_NO_PART;
    if (entry->texts[0] == text)
        return KEY_FIRST;
    return entry->texts[1] == text ? KEY_SECOND : KEY_NO_PART;
}

static char *escape(struct slice text, char *to)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == *PAIR_SEPARATOR || text.data[i] == *PAIR_ESCAPE)
            *to++ = *PAIR_ESCAPE;
        *to++ = text.data[i];
    }
    return to;
}

struct slice pair_join(struct slice first, struct slice second, char id[PAIR_SIZE_MAX])
{
    char *end = escape(first, id);

    *end++ = *PAIR_SEPARATOR;
    end = escape(second, end);
    return (struct slice){id, (size_t)(end - id)};
}
