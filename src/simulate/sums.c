#include "simulate/sums.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"

#define FIRST_SLOTS 4096

/* A key is begin, kind and code in this many bits: 32 + 4 + 28. */
#define CODE_BITS 28
#define KIND_BITS 4

/* 2^64 divided by the golden ratio: Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4). */
#define GOLDEN 0x9e3779b97f4a7c15u

/* Open addressing with linear probing, at most half full. */
struct sum_slot {
    uint64_t key; /* 0: free; no event is in the first second of 1970 */
    int64_t value;
};

static struct sum_slot *find_slot(const struct sums *sums, uint64_t key)
{
    size_t index = (size_t)((key * GOLDEN) >> 32) & (sums->slot_count - 1);

    while (sums->slots[index].key && sums->slots[index].key != key)
        index = (index + 1) & (sums->slot_count - 1);
    return &sums->slots[index];
}

static void grow(struct sums *sums)
{
    struct sums grown = {.slot_count = sums->slot_count ? sums->slot_count * 2 : FIRST_SLOTS, .count = sums->count};

    grown.slots = memory_new(grown.slot_count, sizeof(*grown.slots));
    for (size_t i = 0; i < sums->slot_count; i++)
        if (sums->slots[i].key)
            *find_slot(&grown, sums->slots[i].key) = sums->slots[i];
    free(sums->slots);
    *sums = grown;
}

int sums_add(struct sums *sums, uint32_t begin, enum total_kind kind, uint32_t code, int64_t value, struct error *error)
{
    uint64_t key = (uint64_t)begin << (KIND_BITS + CODE_BITS) | (uint64_t)kind << CODE_BITS | code;
    struct sum_slot *slot;

    if (sums->count * 2 >= sums->slot_count)
        grow(sums);
    slot = find_slot(sums, key);
    if (!slot->key) {
        if (sums->count == SUMS_MAX) {
            error_set(error, ANT_LEDGER_REFUSED, "the ledger holds %u sums and cannot hold more", SUMS_MAX);
            return error_hint(error, "simulate fewer users and antennas or a shorter time, or leave out --ledger");
        }
        slot->key = key;
        sums->count++;
    }
    if (__builtin_add_overflow(slot->value, value, &slot->value))
        return error_set(error, ANT_DEFECT, "a sum of the ledger exceeds %" PRId64, INT64_MAX);
    return 0;
}

struct sum *sums_list(const struct sums *sums)
{
    struct sum *list = memory_new(sums->count + 1, sizeof(*list));
    size_t count = 0;

    for (size_t i = 0; i < sums->slot_count; i++) {
        uint64_t key = sums->slots[i].key;

        if (key)
            list[count++] = (struct sum){
                .begin = (uint32_t)(key >> (KIND_BITS + CODE_BITS)),
                .kind = (enum total_kind)(key >> CODE_BITS & ((1u << KIND_BITS) - 1)),
                .code = key & ((1u << CODE_BITS) - 1),
                .value = sums->slots[i].value,
            };
    }
    return list;
}

void sums_release(struct sums *sums)
{
    free(sums->slots);
    *sums = (struct sums){0};
}
