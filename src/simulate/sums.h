/* Sums per window (or hour), kind of total and code: what the ledger is made of. */
#ifndef ANTENNA_SIMULATE_SUMS_H
#define ANTENNA_SIMULATE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "record/dictionary.h"

/** Most sums that are kept; they take 2 GiB of memory. */
#define SUMS_MAX (1u << 26)

struct sum {
    uint32_t begin; /* of the window or hour, in seconds since the epoch */
    enum total_kind kind;
    uint32_t code;
    int64_t value;
};

/** Zero-initialise before use. */
struct sums {
    struct sum_slot *slots;
    size_t slot_count; /* 0 or a power of two */
    size_t count;
};

/** Adds to a sum, which starts at 0. Errors: ERROR_FAILED when 64 bits do not hold it, ERROR_CONFIGURATION at SUMS_MAX.
 */
int sums_add(struct sums *sums, uint32_t begin, enum total_kind kind, uint32_t code, int64_t value, struct error *error)
    must_check;

/** All sums in no particular order, `sums->count` of them. Free with free(). */
struct sum *sums_list(const struct sums *sums) must_check;

/** Frees the memory; the sums are empty then. */
void sums_release(struct sums *sums);

#endif
