#include "speed/totals.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_SLOTS 4096u
#define CODE_BITS 24
#define DIMENSION_BITS 2
#define KEY_BITS 64

/* Of a key, when keys are sorted. */
#define DIGIT_BITS 8
#define PLACES_AHEAD 16
#define DIGIT_VALUES (1u << DIGIT_BITS)

_Static_assert(INTERNER_NAMES_MAX <= 1u << CODE_BITS, "a code fits its bits");
_Static_assert(DIMENSIONS < 1 << DIMENSION_BITS, "a dimension fits its bits");

/* A key packs the window's number since the epoch, the dimension + 1 and the code; 0 is a free slot. */
struct slot {
    uint64_t key;
    int64_t bytes;
};

/* Open addressing with linear probing, at most half full. */
struct totals {
    struct slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t count;
    uint32_t seconds;    /* of a window */
    uint32_t last_begin; /* of the last event's window, its first second and its number */
    uint32_t last_number;
};

struct totals *totals_new(int64_t window)
{
    struct totals *totals = memory_new(1, sizeof(*totals));

    totals->seconds = (uint32_t)window;
    totals->slot_count = FIRST_SLOTS;
    totals->slots = memory_new(totals->slot_count, sizeof(*totals->slots));
    return totals;
}

void totals_free(struct totals *totals)
{
    if (!totals)
        return;
    free(totals->slots);
    free(totals);
}

void totals_clear(struct totals *totals)
{
    memset(totals->slots, 0, totals->slot_count * sizeof(*totals->slots));
    totals->count = 0;
}

size_t totals_count(const struct totals *totals)
{
    return totals->count;
}

/* The number of the event's window since the epoch. Most events are of the same window as the one before them: looking
 * at that first saves a division, by a number that the compiler does not know. */
static uint64_t window_of(struct totals *totals, const struct coded_event *event)
{
    if (event->timestamp - totals->last_begin >= totals->seconds) {
        totals->last_number = event->timestamp / totals->seconds;
        totals->last_begin = totals->last_number * totals->seconds;
    }
    return totals->last_number;
}

static uint64_t key_of(uint64_t window, const struct coded_event *event, enum dimension dimension)
{
    return window << (CODE_BITS + DIMENSION_BITS) | (uint64_t)(dimension + 1) << CODE_BITS | event->codes[dimension];
}

/* Multiplication by 2^64 / golden ratio spreads codes that count up (Knuth, The Art of Computer Programming, volume 3,
 * 6.4). */
static uint32_t first_index(const struct totals *totals, uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (totals->slot_count - 1);
}

/* The slot of a key, or the free one where it belongs. */
static struct slot *find(const struct totals *totals, uint64_t key)
{
    uint32_t index = first_index(totals, key);

    while (totals->slots[index].key && totals->slots[index].key != key)
        index = (index + 1) & (totals->slot_count - 1);
    return &totals->slots[index];
}

void totals_fetch(struct totals *totals, const struct coded_event *event)
{
    uint64_t window = window_of(totals, event);

    for (int i = 0; i < DIMENSIONS; i++)
        __builtin_prefetch(&totals->slots[first_index(totals, key_of(window, event, (enum dimension)i))], 1);
}

static void grow(struct totals *totals)
{
    struct slot *old = totals->slots;
    uint32_t old_count = totals->slot_count;

    totals->slot_count *= 2;
    totals->slots = memory_new(totals->slot_count, sizeof(*totals->slots));
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].key)
            *find(totals, old[i].key) = old[i];
    free(old);
}

int totals_add(struct totals *totals, const struct coded_event *event)
{
    uint64_t window = window_of(totals, event), keys[DIMENSIONS];
    struct slot *slots[DIMENSIONS];
    int64_t sums[DIMENSIONS];

    if (totals->count + DIMENSIONS > TOTALS_MAX)
        return 1;
    if ((totals->count + DIMENSIONS) * 2 > totals->slot_count)
        grow(totals);
    for (int i = 0; i < DIMENSIONS; i++) {
        keys[i] = key_of(window, event, (enum dimension)i);
        slots[i] = find(totals, keys[i]);
        if (__builtin_add_overflow(slots[i]->bytes, event->bytes, &sums[i]))
            return 1;
    }
    for (int i = 0; i < DIMENSIONS; i++) {
        /* Three new keys may have met in one free slot. */
        if (slots[i]->key != keys[i])
            slots[i] = find(totals, keys[i]);
        totals->count += slots[i]->key == 0;
        *slots[i] = (struct slot){keys[i], sums[i]};
    }
    return 0;
}

/* What workers share most is written last, and so is locked for the shortest time: each user may be one worker's alone,
 * antennas and apps are everyone's. */
static const enum dimension written_as[DIMENSIONS] = {DIMENSION_USER, DIMENSION_ANTENNA, DIMENSION_APP};
static const uint64_t turn_of[DIMENSIONS] = {[DIMENSION_USER] = 0, [DIMENSION_ANTENNA] = 1, [DIMENSION_APP] = 2};

/* A sum and where it belongs. The key packs the dimension's turn, the window's number and the name's rank. */
struct place {
    uint64_t key;
    uint32_t code;
    uint32_t slot;
};

static uint32_t digit_of(const struct place *place, unsigned shift)
{
    return (uint32_t)(place->key >> shift) & (DIGIT_VALUES - 1);
}

/* Moves the places to `to` in the order of one digit. Returns false, with nothing moved, when all have the same one. */
static bool sort_by_digit(const struct place *places, struct place *to, uint32_t count, unsigned shift)
{
    uint32_t next[DIGIT_VALUES] = {0}, before = 0;

    for (uint32_t i = 0; i < count; i++)
        next[digit_of(&places[i], shift)]++;
    if (next[digit_of(&places[0], shift)] == count)
        return false;
    for (uint32_t digit = 0; digit < DIGIT_VALUES; digit++) {
        uint32_t with_digit = next[digit];

        next[digit] = before;
        before += with_digit;
    }
    for (uint32_t i = 0; i < count; i++)
        to[next[digit_of(&places[i], shift)]++] = places[i];
    return true;
}

/* By radix, the least digit first: comparing took a fifteenth of all CPU time with a city's names. Takes `places` and
 * returns them sorted; free them. */
static struct place *sort_by_key(struct place *places, uint32_t count)
{
    struct place *spare = memory_new(count, sizeof(*spare));

    for (unsigned shift = 0; shift < KEY_BITS && count; shift += DIGIT_BITS)
        if (sort_by_digit(places, spare, count, shift)) {
            struct place *sorted = spare;

            spare = places;
            places = sorted;
        }
    free(spare);
    return places;
}

static uint32_t key_code(uint64_t key)
{
    return (uint32_t)(key & ((1u << CODE_BITS) - 1));
}

static enum dimension key_dimension(uint64_t key)
{
    return (enum dimension)(((key >> CODE_BITS) & ((1u << DIMENSION_BITS) - 1)) - 1);
}

static uint64_t key_window(uint64_t key)
{
    return key >> (CODE_BITS + DIMENSION_BITS);
}

static uint64_t place_key(uint64_t key, uint32_t rank)
{
    return turn_of[key_dimension(key)] << (KEY_BITS - DIMENSION_BITS) | key_window(key) << CODE_BITS | rank;
}

static enum dimension place_dimension(const struct place *place)
{
    return written_as[place->key >> (KEY_BITS - DIMENSION_BITS)];
}

/* Numbers are sorted, not texts: the names are ranked once for all windows. */
static struct place *sort_places(const struct totals *totals, const struct dictionary *dictionary)
{
    struct place *places = memory_new(totals->count + 1, sizeof(*places));
    struct place *next = places;
    const uint32_t *ranks[DIMENSIONS];

    for (int i = 0; i < DIMENSIONS; i++)
        ranks[i] = interner_ranks(dictionary->names[i]);
    for (uint32_t i = 0; i < totals->slot_count; i++) {
        uint64_t key = totals->slots[i].key;
        uint32_t code = key_code(key);

        if (key)
            *next++ = (struct place){place_key(key, ranks[key_dimension(key)][code]), code, i};
    }
    return sort_by_key(places, totals->count);
}

struct total *totals_sorted(const struct totals *totals, const struct dictionary *dictionary)
{
    struct total *sorted = memory_new(totals->count + 1, sizeof(*sorted));
    struct place *places = sort_places(totals, dictionary);

    for (uint32_t i = 0; i < totals->count; i++) {
        enum dimension dimension = place_dimension(&places[i]);
        const struct slot *slot = &totals->slots[places[i].slot];

        if (i + PLACES_AHEAD < totals->count) {
            const struct place *later = &places[i + PLACES_AHEAD];

            interner_fetch_code(dictionary->names[place_dimension(later)], later->code);
            __builtin_prefetch(&totals->slots[later->slot]);
        }
        sorted[i] = (struct total){
            .window = (int64_t)key_window(slot->key) * totals->seconds,
            .dimension = dimension,
            .name = dictionary_name(dictionary, dimension, places[i].code),
            .bytes = slot->bytes,
        };
    }
    free(places);
    return sorted;
}

size_t totals_memory(const struct totals *totals)
{
    return totals->slot_count * sizeof(*totals->slots) +
           totals->count * (2 * sizeof(struct place) + sizeof(struct total));
}
