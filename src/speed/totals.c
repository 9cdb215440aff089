#include "speed/totals.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"

#define FIRST_SLOTS 4096u
#define CODE_BITS 24
#define KIND_BITS 4
#define KEY_BITS 64

/* Of a key, when keys are sorted by radix: the counters of a digit of 8 bits fit the first-level cache. */
#define DIGIT_BITS 8

/* Sums are prefetched this many places ahead while they are collected: in memory they lie in the order of their hashes.
 */
#define PLACES_AHEAD 16
#define DIGIT_VALUES (1u << DIGIT_BITS)

_Static_assert(INTERNER_NAMES_MAX <= 1u << CODE_BITS, "a code fits its bits");
_Static_assert(TOTAL_KINDS < 1 << KIND_BITS, "a kind fits its bits");

/* A key packs the window's number since the epoch, the kind + 1 and the code; 0 is a free slot. */
struct slot {
    uint64_t key;
    int64_t value;
};

/* A kind that is counted. */
struct counted {
    uint64_t tag; /* its part of a key */
    int key;      /* of enum text or enum key: which code of an event */
    bool events;  /* counts 1 for each event, not its bytes */
};

/* Open addressing with linear probing, at most half full. */
struct totals {
    struct slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t count;
    uint32_t seconds;    /* of a window */
    uint32_t last_begin; /* of the last event's window, its first second and its number */
    uint32_t last_number;
    total_kind_set kinds;
    struct counted counted[TOTAL_KINDS];
    uint32_t counted_count;
    struct hour_bytes *hours; /* ascending, with their events only */
    size_t hour_count, hour_room, last_hour;
};

struct totals *totals_new(int64_t window, total_kind_set kinds)
{
    struct totals *totals = memory_new(1, sizeof(*totals));

    totals->seconds = (uint32_t)window;
    totals->kinds = kinds;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind))
            totals->counted[totals->counted_count++] = (struct counted){
                .tag = (uint64_t)(kind + 1) << CODE_BITS,
                .key = total_kinds[kind].key,
                .events = total_counts_events(kind),
            };
    totals->slot_count = FIRST_SLOTS;
    totals->slots = memory_new(totals->slot_count, sizeof(*totals->slots));
    return totals;
}

void totals_free(struct totals *totals)
{
    if (!totals)
        return;
    free(totals->slots);
    free(totals->hours);
    free(totals);
}

void totals_clear(struct totals *totals)
{
    memset(totals->slots, 0, totals->slot_count * sizeof(*totals->slots));
    totals->count = 0;
    totals->hour_count = totals->last_hour = 0;
}

size_t totals_count(const struct totals *totals)
{
    return totals->count;
}

/* The window's part of a key. Most events are of the same window as the one before them: looking at that first saves a
 * division, by a number that the compiler does not know. */
static uint64_t window_part(struct totals *totals, const struct coded_event *event)
{
    if (event->timestamp - totals->last_begin >= totals->seconds) {
        totals->last_number = event->timestamp / totals->seconds;
        totals->last_begin = totals->last_number * totals->seconds;
    }
    return (uint64_t)totals->last_number << (CODE_BITS + KIND_BITS);
}

static uint64_t key_of(const struct coded_event *event, uint64_t window, const struct counted *counted)
{
    return window | counted->tag | event->codes[counted->key];
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
    uint64_t window = window_part(totals, event);

    for (uint32_t i = 0; i < totals->counted_count; i++)
        __builtin_prefetch(&totals->slots[first_index(totals, key_of(event, window, &totals->counted[i]))], 1);
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

/* The first of the hours that is not earlier. */
static size_t find_hour(const struct totals *totals, int64_t hour)
{
    size_t from = 0, to = totals->hour_count;

    while (from < to) {
        size_t middle = (from + to) / 2;

        if (totals->hours[middle].hour < hour)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void insert_hour(struct totals *totals, size_t place, int64_t hour)
{
    if (totals->hour_count == totals->hour_room) {
        totals->hour_room = totals->hour_room * 2 + 8;
        totals->hours = memory_resize(totals->hours, totals->hour_room, sizeof(*totals->hours));
    }
    memmove(&totals->hours[place + 1], &totals->hours[place], (totals->hour_count++ - place) * sizeof(*totals->hours));
    totals->hours[place] = (struct hour_bytes){.hour = hour};
}

static bool last_hour_is(const struct totals *totals, int64_t hour)
{
    return totals->last_hour < totals->hour_count && totals->hours[totals->last_hour].hour == hour;
}

/* Most events are of the same hour as the one before them. */
static void count_event(struct totals *totals, int64_t hour)
{
    if (!last_hour_is(totals, hour)) {
        totals->last_hour = find_hour(totals, hour);
        if (!last_hour_is(totals, hour))
            insert_hour(totals, totals->last_hour, hour);
    }
    totals->hours[totals->last_hour].events++;
}

struct hour_bytes *totals_hours(const struct totals *totals, size_t *ret_count)
{
    struct hour_bytes *hours = memory_new(totals->hour_count + 1, sizeof(*hours));

    if (totals->hour_count)
        memcpy(hours, totals->hours, totals->hour_count * sizeof(*hours));
    *ret_count = totals->hour_count;
    return hours;
}

/* All sums of the event are computed before the first is stored: on overflow none may have changed, as the caller adds
 * the event again after a commit. */
int totals_add(struct totals *totals, const struct coded_event *event)
{
    uint32_t count = totals->counted_count;
    uint64_t window = window_part(totals, event), keys[TOTAL_KINDS];
    struct slot *slots[TOTAL_KINDS];
    int64_t sums[TOTAL_KINDS];

    if (totals->count + count > TOTALS_MAX)
        return 1;
    if ((totals->count + count) * 2 > totals->slot_count)
        grow(totals);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = key_of(event, window, &totals->counted[i]);
        slots[i] = find(totals, keys[i]);
        if (__builtin_add_overflow(slots[i]->value, totals->counted[i].events ? 1 : event->bytes, &sums[i]))
            return 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* Two new keys of the event may have found the same free slot; the first has taken it. */
        if (slots[i]->key != keys[i])
            slots[i] = find(totals, keys[i]);
        totals->count += slots[i]->key == 0;
        *slots[i] = (struct slot){keys[i], sums[i]};
    }
    count_event(totals, time_hour(event->timestamp));
    return 0;
}

/* A sum and its place in the order of writing. The key packs the kind's rank among the turns, the window's number and
 * the name's rank. */
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

static enum total_kind key_kind(uint64_t key)
{
    return (enum total_kind)(((key >> CODE_BITS) & ((1u << KIND_BITS) - 1)) - 1);
}

static uint64_t key_window(uint64_t key)
{
    return key >> (CODE_BITS + KIND_BITS);
}

/* The kinds in the order of their turns. */
struct turns {
    enum total_kind kinds[TOTAL_KINDS];
    uint64_t ranks[TOTAL_KINDS]; /* the inverse */
};

static struct turns take_turns(void)
{
    struct turns turns = {0};

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        for (enum total_kind other = 0; other < TOTAL_KINDS; other++)
            turns.ranks[kind] += total_kinds[other].turn < total_kinds[kind].turn;
        turns.kinds[turns.ranks[kind]] = kind;
    }
    return turns;
}

static uint64_t place_key(const struct turns *turns, uint64_t key, uint32_t rank)
{
    return turns->ranks[key_kind(key)] << (KEY_BITS - KIND_BITS) | key_window(key) << CODE_BITS | rank;
}

static enum total_kind place_kind(const struct turns *turns, const struct place *place)
{
    return turns->kinds[place->key >> (KEY_BITS - KIND_BITS)];
}

/* Numbers are sorted, not texts: the names are ranked once for all windows. */
static struct place *sort_places(const struct totals *totals, const struct dictionary *dictionary,
                                 const struct turns *turns)
{
    struct place *places = memory_new(totals->count + 1, sizeof(*places));
    struct place *next = places;
    const uint32_t *ranks[TOTAL_KINDS] = {0};

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(totals->kinds, kind))
            ranks[kind] = interner_ranks(dictionary->names[total_kinds[kind].key]);
    for (uint32_t i = 0; i < totals->slot_count; i++) {
        uint64_t key = totals->slots[i].key;
        uint32_t code = key_code(key);

        if (key)
            *next++ = (struct place){place_key(turns, key, ranks[key_kind(key)][code]), code, i};
    }
    return sort_by_key(places, totals->count);
}

struct total *totals_sorted(const struct totals *totals, const struct dictionary *dictionary)
{
    struct total *sorted = memory_new(totals->count + 1, sizeof(*sorted));
    const struct turns turns = take_turns();
    struct place *places = sort_places(totals, dictionary, &turns);

    for (uint32_t i = 0; i < totals->count; i++) {
        enum total_kind kind = place_kind(&turns, &places[i]);
        const struct slot *slot = &totals->slots[places[i].slot];

        if (i + PLACES_AHEAD < totals->count) {
            const struct place *later = &places[i + PLACES_AHEAD];

            interner_fetch_code(dictionary->names[total_kinds[place_kind(&turns, later)].key], later->code);
            __builtin_prefetch(&totals->slots[later->slot]);
        }
        sorted[i] = (struct total){
            .window = (int64_t)key_window(slot->key) * totals->seconds,
            .kind = kind,
            .id = dictionary_name(dictionary, total_kinds[kind].key, places[i].code),
            .value = slot->value,
        };
    }
    free(places);
    return sorted;
}

size_t totals_memory(const struct totals *totals)
{
    return totals->slot_count * sizeof(*totals->slots) + totals->hour_room * sizeof(*totals->hours) +
           totals->count * (2 * sizeof(struct place) + sizeof(struct total));
}
