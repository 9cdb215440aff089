/* The totals that an hour has before a run replaces them, read while it writes the new ones. */
#ifndef ANTENNA_POSTGRES_EARLIER_TOTALS_H
#define ANTENNA_POSTGRES_EARLIER_TOTALS_H

#include "base/slice.h"
#include "postgres/client.h"

/** Zero-initialise, then earlier_totals_hold(); free with earlier_totals_release(). */
struct earlier_totals {
    struct postgres *postgres;
    PGresult *rows; /* a part of them; NULL: none is held */
    int next;
};

/** One total; the texts are valid until the next one is looked for. */
struct earlier_total {
    struct slice label;
    struct slice id;
    int64_t value; /* bytes */
};

/** Holds the totals of an hour as they are, until the transaction ends. */
int earlier_totals_hold(struct earlier_totals *totals, struct postgres *postgres, const char *bytes_hourly,
                        int64_t hour, struct error *error) must_check;

/** The first total that was not passed over yet, in the order of (label, id). Returns 1 when there is none. */
int earlier_totals_look(struct earlier_totals *totals, struct earlier_total *ret_total, struct error *error) must_check;

/** Passes over the first total. */
void earlier_totals_pass(struct earlier_totals *totals);

/** Frees what it holds. Fits cleanup(). */
void earlier_totals_release(struct earlier_totals *totals);

#endif
