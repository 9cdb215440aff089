#include "record/interner.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* names are so short that a call would cost as much as their hash */
#include <xxhash.h>

#include "base/log.h"
#include "base/memory.h"
#include "record/total_kind.h"

#define FIRST_SLOTS 1024u

/* Entries and their places lie in segments, so that neither ever moves, and the encoder's thread can read them without
 * a lock: segment n has 2^n of them, the numbers 2^n to 2^(n+1) - 1. The first number is that of the first segment in
 * use: smaller segments would only cost allocations. */
#define SEGMENTS 32
#define FIRST_CODE 1024u
#define FIRST_PLACE 8192u

/* The head of each text, beside it in memory: a look-up has two cache misses, one for the slot and one for the entry.
 */
struct entry {
    uint32_t code;
    uint32_t size;
};

#define USUAL_NAME_SIZE 36 /* of a UUID (RFC 9562) */

/* Entries are aligned and counted by 8 bytes, and end with at least one NUL behind the name. */
#define ENTRY_UNITS(size) ((uint32_t)((sizeof(struct entry) + (size)) / sizeof(uint64_t) + 1))

_Static_assert(_Alignof(struct entry) <= _Alignof(uint64_t), "an entry is aligned wherever a place is");
_Static_assert(ENTRY_UNITS(PAIR_SIZE_MAX) <= FIRST_PLACE, "an entry fits each segment");
_Static_assert((uint64_t)INTERNER_NAMES_MAX * 2 * ENTRY_UNITS(PAIR_SIZE_MAX) <= UINT32_MAX, "a place fits its bits");

/* A hash table with open addressing and linear probing, at most half full. A slot holds 32 bits of the hash, which
 * distinguish most other names without a look at their text, and the entry's place; 0 is a free slot. */
struct interner {
    uint64_t *slots;
    uint32_t slot_count;         /* a power of two */
    uint32_t *places[SEGMENTS];  /* of the entries, by FIRST_CODE + code */
    uint64_t *entries[SEGMENTS]; /* by place */
    size_t segments_memory;      /* bytes of both */
    uint32_t count;
    uint32_t next_place;
    uint32_t *order; /* codes in the order of their names, of the first `ranked` names */
    uint32_t *ranks; /* the inverse of `order` */
    uint32_t ranked;
};

/* Sets up an empty interner, which owns no names. */
static void begin(struct interner *interner)
{
    *interner = (struct interner){.slot_count = FIRST_SLOTS, .next_place = FIRST_PLACE};
    interner->slots = memory_new(interner->slot_count, sizeof(*interner->slots));
}

struct interner *interner_new(void)
{
    struct interner *interner = memory_new(1, sizeof(*interner));

    begin(interner);
    return interner;
}

static void release_names(struct interner *interner)
{
    free(interner->slots);
    for (int i = 0; i < SEGMENTS; i++) {
        free(interner->places[i]);
        free(interner->entries[i]);
    }
    free(interner->order);
    free(interner->ranks);
}

void interner_free(struct interner *interner)
{
    if (!interner)
        return;
    release_names(interner);
    free(interner);
}

void interner_clear(struct interner *interner)
{
    release_names(interner);
    begin(interner);
}

size_t interner_memory(const struct interner *interner)
{
    return interner->slot_count * sizeof(*interner->slots) + interner->segments_memory +
           interner->ranked * (sizeof(*interner->order) + sizeof(*interner->ranks));
}

static uint64_t slot_of(uint32_t hash, uint32_t place)
{
    return (uint64_t)hash << 32 | place;
}

static uint32_t segment_of(uint32_t number)
{
    return 31 - (uint32_t)__builtin_clz(number);
}

static struct entry *entry_at(const struct interner *interner, uint32_t place)
{
    uint32_t segment = segment_of(place);
    void *memory = &interner->entries[segment][place - (1u << segment)];

    return memory;
}

static uint32_t *place_of(const struct interner *interner, uint32_t code)
{
    uint32_t number = FIRST_CODE + code, segment = segment_of(number);

    return &interner->places[segment][number - (1u << segment)];
}

static struct slice entry_name(const struct entry *entry)
{
    return (struct slice){(const char *)(entry + 1), entry->size};
}

uint32_t interner_hash(struct slice name)
{
    return (uint32_t)XXH3_64bits(name.data, name.size);
}

/* Only the slots move; entries stay, as the encoder's thread may be reading them. */
static void grow_slots(struct interner *interner)
{
    free(interner->slots);
    interner->slot_count *= 2;
    interner->slots = memory_new(interner->slot_count, sizeof(*interner->slots));
    for (uint32_t code = 0; code < interner->count; code++) {
        uint32_t hash = interner_hash(interner_name(interner, code));
        uint32_t index = hash & (interner->slot_count - 1);

        while (interner->slots[index])
            index = (index + 1) & (interner->slot_count - 1);
        interner->slots[index] = slot_of(hash, *place_of(interner, code));
    }
}

static void *new_segment(struct interner *interner, uint32_t segment, size_t size)
{
    interner->segments_memory += size << segment;
    return memory_new((size_t)1 << segment, size);
}

/* The place of the next entry of so many units. An entry never crosses the end of a segment: what is left of it is
 * skipped. */
static uint32_t next_place(struct interner *interner, uint32_t units)
{
    uint32_t place = interner->next_place, segment = segment_of(place + units - 1);

    if (segment != segment_of(place))
        place = 1u << segment;
    if (!interner->entries[segment])
        interner->entries[segment] = new_segment(interner, segment, sizeof(uint64_t));
    interner->next_place = place + units;
    invariant(segment_of(place) == segment_of(place + units - 1));
    return place;
}

/* Returns the place of a new entry. */
static uint32_t add_name(struct interner *interner, struct slice name)
{
    uint32_t place = next_place(interner, ENTRY_UNITS(name.size)), segment = segment_of(FIRST_CODE + interner->count);
    struct entry *entry = entry_at(interner, place);

    invariant(interner->count < INTERNER_NAMES_MAX);
    if (!interner->places[segment])
        interner->places[segment] = new_segment(interner, segment, sizeof(uint32_t));
    *entry = (struct entry){interner->count, (uint32_t)name.size};
    memcpy(entry + 1, name.data, name.size); /* new memory has the NUL behind it */
    *place_of(interner, interner->count++) = place;
    return place;
}

void interner_fetch_slot(const struct interner *interner, uint32_t hash)
{
    __builtin_prefetch(&interner->slots[hash & (interner->slot_count - 1)]);
}

/* The entry and the end of a name of usual size, which may be in the next line of the cache. */
static void fetch_entry(const struct entry *entry)
{
    __builtin_prefetch(entry);
    __builtin_prefetch((const char *)(entry + 1) + USUAL_NAME_SIZE - 1);
}

void interner_fetch_name(const struct interner *interner, uint32_t hash)
{
    uint64_t slot = interner->slots[hash & (interner->slot_count - 1)];

    if (slot)
        fetch_entry(entry_at(interner, (uint32_t)slot));
}

void interner_fetch_code(const struct interner *interner, uint32_t code)
{
    fetch_entry(entry_at(interner, *place_of(interner, code)));
}

int interner_code(struct interner *interner, struct slice name, uint32_t hash, uint32_t *ret_code)
{
    uint32_t index = hash & (interner->slot_count - 1), place;

    for (; interner->slots[index]; index = (index + 1) & (interner->slot_count - 1)) {
        const struct entry *entry = entry_at(interner, (uint32_t)interner->slots[index]);

        if (interner->slots[index] >> 32 == hash && slice_equal(entry_name(entry), name)) {
            *ret_code = entry->code;
            return 0;
        }
    }
    if (interner->count == INTERNER_NAMES_MAX)
        return 1;
    *ret_code = interner->count;
    place = add_name(interner, name);
    interner->slots[index] = slot_of(hash, place);
    if (interner->count * 2 > interner->slot_count)
        grow_slots(interner);
    return 0;
}

struct slice interner_name(const struct interner *interner, uint32_t code)
{
    return entry_name(entry_at(interner, *place_of(interner, code)));
}

uint32_t interner_count(const struct interner *interner)
{
    return interner->count;
}

static int compare_names(const void *left, const void *right, void *context)
{
    const struct interner *interner = context;

    return slice_compare(interner_name(interner, *(const uint32_t *)left),
                         interner_name(interner, *(const uint32_t *)right));
}

/* Merges two sorted runs of codes, from the back, into the place of the first: `order` has room for both. */
static void merge(struct interner *interner, uint32_t *order, uint32_t count, const uint32_t *added,
                  uint32_t added_count)
{
    while (added_count > 0)
        if (count > 0 && compare_names(&order[count - 1], &added[added_count - 1], interner) > 0) {
            order[count + added_count - 1] = order[count - 1];
            count--;
        } else {
            order[count + added_count - 1] = added[added_count - 1];
            added_count--;
        }
}

/* Sorts only the names that were added since the last call, and merges them into the order: most names of a commit were
 * known before. */
const uint32_t *interner_ranks(struct interner *interner)
{
    uint32_t added_count = interner->count - interner->ranked;
    uint32_t *added;

    if (added_count == 0)
        return interner->ranks;
    added = memory_new(added_count, sizeof(*added));
    for (uint32_t i = 0; i < added_count; i++)
        added[i] = interner->ranked + i;
    qsort_r(added, added_count, sizeof(*added), compare_names, interner);
    interner->order = memory_resize(interner->order, interner->count, sizeof(*interner->order));
    interner->ranks = memory_resize(interner->ranks, interner->count, sizeof(*interner->ranks));
    merge(interner, interner->order, interner->ranked, added, added_count);
    free(added);
    interner->ranked = interner->count;
    for (uint32_t i = 0; i < interner->count; i++)
        interner->ranks[interner->order[i]] = i;
    return interner->ranks;
}
