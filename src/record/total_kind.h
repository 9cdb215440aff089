/*
 * The table of the totals: what both layers add up and by which names. The totals in memory, the batch layer's
 * grouping, verify and the simulator's ledger come from it.
 */
#ifndef ANTENNA_RECORD_TOTAL_KIND_H
#define ANTENNA_RECORD_TOTAL_KIND_H

#include "base/slice.h"
#include "record/record.h"

/**
 * KIND(NAME, label, unit, standard, turn, key, TEXT...), in the order of the labels: the value of the column `type`;
 * what is added up, BYTES or EVENTS (enum total_unit); whether every installation has it, else --metrics switches it
 * on; its turn when a commit writes rows; and the fields that it is keyed by, which are required ones: ONE, whose text
 * is the id, or PAIR, whose texts are joined (pair_join()).
 *
 * All writers take turns in one order, so that none waits for another in a circle. What they share most comes last, and
 * so is locked for the shortest time: each user may be one worker's alone, antennas and apps are everyone's.
 */
#define TOTAL_KINDS_TABLE(KIND)                                                                                        \
    KIND(ANTENNA_APP_BYTES, "antenna_app_bytes_total", BYTES, false, 12, PAIR, ANTENNA_ID, APP)                        \
    KIND(ANTENNA_BYTES, "antenna_bytes_total", BYTES, true, 20, ONE, ANTENNA_ID)                                       \
    KIND(ANTENNA_EVENTS, "antenna_events_total", EVENTS, false, 15, ONE, ANTENNA_ID)                                   \
    KIND(APP_BYTES, "app_bytes_total", BYTES, true, 30, ONE, APP)                                                      \
    KIND(USER_BYTES, "user_bytes_total", BYTES, true, 10, ONE, ID)

#define KIND_MEMBER(NAME, label, unit, standard, turn, key, ...) TOTAL_##NAME,
enum total_kind { TOTAL_KINDS_TABLE(KIND_MEMBER) TOTAL_KINDS };
#undef KIND_MEMBER

/** What is added up. */
enum total_unit { TOTAL_UNIT_BYTES, TOTAL_UNIT_EVENTS };

/* A text is a key by its number (enum text); those of pairs follow. */
#define KEY_ONE(NAME)
#define KEY_PAIR(NAME) KEY_##NAME,
#define KEY_MEMBER(NAME, label, unit, standard, turn, key, ...) KEY_##key(NAME)
/** What names are counted by. */
enum key { KEY_LAST_TEXT = TEXTS - 1, TOTAL_KINDS_TABLE(KEY_MEMBER) KEYS };
#undef KEY_MEMBER
#undef KEY_ONE
#undef KEY_PAIR

/** A row of the table. */
struct total_kind_entry {
    const char *label;
    enum total_unit unit;
    bool standard;
    int turn;
    int key;            /* enum text or enum key */
    enum text texts[2]; /* of the key; the second counts for a pair only */
};

/** The table. */
extern const struct total_kind_entry total_kinds[TOTAL_KINDS];

/** A set of kinds: the bit 1 << kind of each. */
typedef unsigned total_kind_set;

/** The kinds that every installation has. */
total_kind_set total_kinds_standard(void);

/** The kind with that label, or TOTAL_KINDS. */
enum total_kind total_kind_find(struct slice label);

/** The unit of a kind for messages: "bytes" or "events"; "bytes" for TOTAL_KINDS, which a label of others has. */
const char *total_unit_name(enum total_kind kind);

/** Whether a kind counts events, not their bytes. */
static inline bool total_counts_events(enum total_kind kind)
{
    return total_kinds[kind].unit == TOTAL_UNIT_EVENTS;
}

/** Whether a kind is in the set. */
static inline bool total_kind_in(total_kind_set set, enum total_kind kind)
{
    return set >> kind & 1;
}

/** Whether a key joins two texts. */
static inline bool key_is_pair(int key)
{
    return key >= TEXTS;
}

/** Which part of a kind's ids is a text. */
enum key_part { KEY_WHOLE, KEY_FIRST, KEY_SECOND, KEY_NO_PART };

/** Which part of the ids of a kind is the text. */
enum key_part total_kind_part(enum total_kind kind, enum text text);

/** What joins the two texts of a pair's id, and what stands before it, and before itself, inside of them. */
#define PAIR_SEPARATOR "/"
#define PAIR_ESCAPE "\\"

/** Room for the id of a pair: each byte of both texts may need an escape. */
#define PAIR_SIZE_MAX (4 * RECORD_TEXT_SIZE_MAX + 1)

/** Writes the id of a pair, such as "a\/1/SKYPE" for "a/1" and "SKYPE", and returns it. */
struct slice pair_join(struct slice first, struct slice second, char id[PAIR_SIZE_MAX]);

#endif
