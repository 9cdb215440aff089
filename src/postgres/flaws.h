/*
 * What keeps a table with the right columns from serving as one of ours: its kind, its partitions, its constraints, …;
 * and what can drop or hide rows of our tables without an error: triggers, rules and row-level security.
 */
#ifndef ANTENNA_POSTGRES_FLAWS_H
#define ANTENNA_POSTGRES_FLAWS_H

#include "config/config.h"
#include "postgres/client.h"
#include "postgres/contract.h"

/** What follows from a flaw, in ascending order of severity. */
enum flaw_weight {
    FLAW_WARNING, /* it may refuse a row, or change it */
    FLAW_STOPS,   /* rows to come are refused */
    FLAW_REFUSED, /* a job refuses the table, as numbers would be wrong or no row could be written */
    FLAW_HIDES,   /* an adoption refuses it, too, as its statements do not reach every row */
    FLAW_UNFIT    /* provision always refuses it */
};

struct flaw {
    enum error_code refusal;
    enum flaw_weight weight;
    bool writing;     /* it matters only to who writes to the table */
    char *text;       /* "table "bytes" …" */
    const char *hint; /* what to do */
};

/** In ascending order of severity. */
struct flaws {
    struct flaw *list;
    size_t count;
};

/** Finds the flaws of the table called `table`; a table that does not exist has none. Errors: as postgres_run(). */
int flaws_find(struct postgres *postgres, const struct contract *contract, const char *table, struct flaws *ret_flaws,
               struct error *error) must_check;

/** Frees them; zeroed ones are fine. Fits cleanup(). */
void flaws_release(struct flaws *flaws);

/**
 * Fails with ERROR_CONFIGURATION when the table has a flaw of at least this weight. `writes`: whether the caller writes
 * to the table.
 */
int flaws_refuse(struct postgres *postgres, const struct contract *contract, const char *table, enum flaw_weight weight,
                 bool writes, struct error *error) must_check;

/**
 * Lists them as text, of the four tables, their partitions and the schema antenna. `ret_active`: those that stop a job
 * or hide rows from this user; `ret_possible`: those that may; each is empty when there is none. Free both.
 */
int row_filters_find(struct postgres *postgres, const struct config *config, char **ret_active, char **ret_possible,
                     struct error *error) must_check;

#endif
