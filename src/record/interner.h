/*
 * Names to small numbers: each distinct id gets the next code, so that rows and sums carry 4 bytes instead of 36. Codes
 * count from 0 without gaps. Codes and names stay valid, and names where they are, until interner_clear(). Memory is
 * bounded by INTERNER_NAMES_MAX names of at most PAIR_SIZE_MAX bytes (total_kind.h).
 *
 * An interner belongs to one thread. Another may call interner_name() meanwhile, for codes that it was given after they
 * were added, and nothing else.
 */
#ifndef ANTENNA_RECORD_INTERNER_H
#define ANTENNA_RECORD_INTERNER_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/** Names that one interner holds; then its owner writes out what refers to them and clears it. */
#define INTERNER_NAMES_MAX (1u << 21)

struct interner;

/** An empty interner. Free with interner_free(). */
struct interner *interner_new(void) must_check;

/** Frees it; NULL is fine. */
void interner_free(struct interner *interner);

/** Forgets all names and frees their memory. */
void interner_clear(struct interner *interner);

/** Bytes that its names take. */
size_t interner_memory(const struct interner *interner);

/** The hash of a name. */
uint32_t interner_hash(struct slice name) must_check;

/**
 * Fetches into the cache where the look-up of a hash begins, and interner_fetch_name() what it finds there. Memory is
 * what a look-up waits for: done for many names before their codes are asked for, they wait at one time.
 */
void interner_fetch_slot(const struct interner *interner, uint32_t hash);
void interner_fetch_name(const struct interner *interner, uint32_t hash);

/** Fetches into the cache the name of a code. */
void interner_fetch_code(const struct interner *interner, uint32_t code);

/** The code of a name, new or known. Returns 1, without a code, when the name is new and the interner is full. */
int interner_code(struct interner *interner, struct slice name, uint32_t hash, uint32_t *ret_code) must_check;

/** The name of a code, with a NUL after it. */
struct slice interner_name(const struct interner *interner, uint32_t code);

/**
 * The rank of each code in the order of names (slice_compare()): an array of interner_count() entries, valid until the
 * next name is added. Costs time only for the names added since it was last asked for.
 */
const uint32_t *interner_ranks(struct interner *interner);

/** How many names it holds. */
uint32_t interner_count(const struct interner *interner);

#endif
