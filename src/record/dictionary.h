/*
 * The three things that bytes are counted for, and their names as small numbers. A coded event is what rows and sums
 * are made of: 4 bytes a name instead of 36.
 */
#ifndef ANTENNA_RECORD_DICTIONARY_H
#define ANTENNA_RECORD_DICTIONARY_H

#include <stdint.h>

#include "base/attributes.h"
#include "record/interner.h"
#include "record/record.h"

/** In the order of their labels. */
enum dimension { DIMENSION_ANTENNA, DIMENSION_APP, DIMENSION_USER, DIMENSIONS };

/** The label in the column `type` of the tables: "antenna_bytes_total", "app_bytes_total", "user_bytes_total". */
extern const char *const dimension_labels[DIMENSIONS];

/** One event with names replaced by codes. */
struct coded_event {
    uint32_t timestamp; /* seconds since the Unix epoch; record.h bounds it */
    uint32_t codes[DIMENSIONS];
    int64_t bytes; /* >= 0 */
};

/** Zero-initialise, then dictionary_init(). */
struct dictionary {
    struct interner *names[DIMENSIONS];
};

/** Makes the interners; release with dictionary_release(). */
void dictionary_init(struct dictionary *dictionary);

/** Frees them. */
void dictionary_release(struct dictionary *dictionary);

/** Forgets all names; codes given out before mean nothing afterwards. */
void dictionary_clear(struct dictionary *dictionary);

/** How many names it holds, of all kinds together. */
uint32_t dictionary_count(const struct dictionary *dictionary);

/** Bytes that its names take. */
size_t dictionary_memory(const struct dictionary *dictionary);

/** The hashes of a record's names. */
void dictionary_hash(const struct record *record, uint32_t ret_hashes[DIMENSIONS]);

/** Fetches into the cache what dictionary_encode() will look at: call the first for many records, then the second. */
void dictionary_fetch_slots(const struct dictionary *dictionary, const uint32_t hashes[DIMENSIONS]);
void dictionary_fetch_names(const struct dictionary *dictionary, const uint32_t hashes[DIMENSIONS]);

/**
 * Replaces a record's names, whose hashes dictionary_hash() gave, by codes. Returns 1, with nothing to use, when an
 * interner is full.
 */
int dictionary_encode(struct dictionary *dictionary, const struct record *record, const uint32_t hashes[DIMENSIONS],
                      struct coded_event *ret_event) must_check;

/** The name of a code, with a NUL after it. */
struct slice dictionary_name(const struct dictionary *dictionary, enum dimension dimension, uint32_t code);

#endif
