/*
 * The totals of an hour that a run would make less, found while it writes the new ones. Both sides come in the order of
 * (label, id): this is a merge of two sorted sequences, which needs no memory for them.
 */
#ifndef ANTENNA_BATCH_LOWERED_H
#define ANTENNA_BATCH_LOWERED_H

#include "postgres/totals.h"

#define LOWERED_EXAMPLE_SIZE 512

/** Zero-initialise; without earlier totals held in `before` nothing is found. Free with lowered_release(). */
struct lowered {
    struct earlier_totals before;
    size_t count;                       /* totals that become less, or that are missing */
    char example[LOWERED_EXAMPLE_SIZE]; /* the first of them, with both values */
};

/** Compares a new total with the earlier ones; totals come in the order of (label, id). */
int lowered_take(struct lowered *lowered, struct slice label, struct slice id, int64_t value, struct error *error)
    must_check;

/** Counts the earlier totals that are left: the run has none of them. */
int lowered_finish(struct lowered *lowered, struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void lowered_release(struct lowered *lowered);

#endif
