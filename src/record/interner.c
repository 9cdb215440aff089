#include "record/interner.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "base/memory.h"

#define FIRST_SLOTS 1024u

struct name {
    size_t position; /* in the text buffer */
    uint32_t size;
    uint32_t hash;
};

/* Open addressing with linear probing, at most half full. A slot holds the hash's upper half, to tell most strangers
 * apart without looking at their text, and code + 1; 0 is free. */
struct interner {
    uint64_t *slots;
    uint32_t slot_count; /* a power of two */
    struct name *names;
    uint32_t count;
    uint32_t capacity; /* of names */
    struct buffer text;
    uint32_t *order; /* codes in the order of their names, of the first `ranked` names */
    uint32_t *ranks; /* the inverse of `order` */
    uint32_t ranked;
};

struct interner *interner_new(void)
{
    struct interner *interner = memory_new(1, sizeof(*interner));

    interner->slot_count = FIRST_SLOTS;
    interner->slots = memory_new(interner->slot_count, sizeof(*interner->slots));
    return interner;
}

void interner_free(struct interner *interner)
{
    if (!interner)
        return;
    free(interner->slots);
    free(interner->names);
    free(interner->order);
    free(interner->ranks);
    buffer_release(&interner->text);
    free(interner);
}

void interner_clear(struct interner *interner)
{
    memset(interner->slots, 0, interner->slot_count * sizeof(*interner->slots));
    interner->count = 0;
    interner->ranked = 0;
    buffer_clear(&interner->text);
}

static uint64_t slot_of(uint32_t hash, uint32_t code)
{
    return (uint64_t)hash << 32 | (code + 1);
}

static void grow_slots(struct interner *interner)
{
    free(interner->slots);
    interner->slot_count *= 2;
    interner->slots = memory_new(interner->slot_count, sizeof(*interner->slots));
    for (uint32_t code = 0; code < interner->count; code++) {
        uint32_t index = interner->names[code].hash & (interner->slot_count - 1);

        while (interner->slots[index])
            index = (index + 1) & (interner->slot_count - 1);
        interner->slots[index] = slot_of(interner->names[code].hash, code);
    }
}

static uint32_t add_name(struct interner *interner, struct slice name, uint32_t hash)
{
    if (interner->count == interner->capacity) {
        interner->capacity = interner->capacity ? interner->capacity * 2 : FIRST_SLOTS;
        interner->names = memory_resize(interner->names, interner->capacity, sizeof(*interner->names));
    }
    interner->names[interner->count] = (struct name){interner->text.size, (uint32_t)name.size, hash};
    buffer_append(&interner->text, name.data, name.size);
    interner->text.size++; /* keeps the NUL that stands behind the name */
    return interner->count++;
}

int interner_code(struct interner *interner, struct slice name, uint32_t *ret_code)
{
    uint32_t hash = (uint32_t)XXH3_64bits(name.data, name.size);
    uint32_t index = hash & (interner->slot_count - 1);

    for (; interner->slots[index]; index = (index + 1) & (interner->slot_count - 1)) {
        uint32_t code = (uint32_t)interner->slots[index] - 1;

        if (interner->slots[index] >> 32 == hash && slice_equal(interner_name(interner, code), name)) {
            *ret_code = code;
            return 0;
        }
    }
    if (interner->count == INTERNER_NAMES_MAX)
        return 1;
    *ret_code = add_name(interner, name, hash);
    interner->slots[index] = slot_of(hash, *ret_code);
    if (interner->count * 2 > interner->slot_count)
        grow_slots(interner);
    return 0;
}

struct slice interner_name(const struct interner *interner, uint32_t code)
{
    const struct name *name = &interner->names[code];

    return (struct slice){interner->text.data + name->position, name->size};
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
