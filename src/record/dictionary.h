/*
 * The names that totals are keyed by and rows are made of, as small numbers. A coded event is what rows and sums are
 * made of: 4 bytes a name instead of 36.
 */
#ifndef ANTENNA_RECORD_DICTIONARY_H
#define ANTENNA_RECORD_DICTIONARY_H

#include <stdint.h>

#include "base/attributes.h"
#include "record/interner.h"
#include "record/total_kind.h"

/** The code of a text that the event does not have. */
#define DICTIONARY_ABSENT 0

/** One event with names replaced by codes. */
struct coded_event {
    uint32_t timestamp;   /* seconds since the Unix epoch; record.h bounds it */
    uint32_t codes[KEYS]; /* those of pairs only where their kind is counted */
    int64_t bytes;        /* >= 0 */
};

/** Zero-initialise, then dictionary_init(). */
struct dictionary {
    total_kind_set kinds;
    struct interner *names[KEYS];
};

/** Makes the interners for the texts and for the keys of the kinds; release with dictionary_release(). */
void dictionary_init(struct dictionary *dictionary, total_kind_set kinds);

/** Frees them. */
void dictionary_release(struct dictionary *dictionary);

/** Forgets all names; codes given out before mean nothing afterwards. */
void dictionary_clear(struct dictionary *dictionary);

/** How many names it holds, of all keys together. */
uint32_t dictionary_count(const struct dictionary *dictionary);

/** Bytes that its names take. */
size_t dictionary_memory(const struct dictionary *dictionary);

/** The hashes of a record's texts, 0 for those that are absent. */
void dictionary_hash(const struct record *record, uint32_t ret_hashes[TEXTS]);

/** Fetches into the cache what dictionary_encode() will look at: call the first for many records, then the second. */
void dictionary_fetch_slots(const struct dictionary *dictionary, const uint32_t hashes[TEXTS]);
void dictionary_fetch_names(const struct dictionary *dictionary, const uint32_t hashes[TEXTS]);

/**
 * Replaces a record's names, whose hashes dictionary_hash() gave, by codes. Returns 1, with nothing to use, when an
 * interner is full.
 */
int dictionary_encode(struct dictionary *dictionary, const struct record *record, const uint32_t hashes[TEXTS],
                      struct coded_event *ret_event) must_check;

/** The name of a code, with a NUL after it. `key` is of enum text or enum key. */
struct slice dictionary_name(const struct dictionary *dictionary, int key, uint32_t code);

#endif
