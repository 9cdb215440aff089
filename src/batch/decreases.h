/*
 * The totals of an hour that a run would make less, found while it writes the new ones. Both sides come in the order of
 * (label, id): this is a merge of two sorted sequences, which needs no memory for them.
 */
#ifndef ANTENNA_BATCH_DECREASES_H
#define ANTENNA_BATCH_DECREASES_H

#include "postgres/totals.h"

#define DECREASES_EXAMPLE_SIZE 512

/** Zero-initialise; without earlier totals held in `before` nothing is found. Free with decreases_release(). */
struct decreases {
    struct earlier_totals before;
    size_t count;                         /* totals that become less, or that are missing */
    char example[DECREASES_EXAMPLE_SIZE]; /* the first of them, with both values */
};

/** Compares a new total with the earlier ones; totals come in the order of (label, id). */
int decreases_take(struct decreases *decreases, struct slice label, struct slice id, int64_t value, struct error *error)
    must_check;

/** Counts the earlier totals that are left: the run has none of them. */
int decreases_finish(struct decreases *decreases, struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void decreases_release(struct decreases *decreases);

#endif
