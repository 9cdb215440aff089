/*
 * Takes over a table that the Spark job made, which has no key: dates become UTC, rows that no table of ours may hold
 * are put aside, the rows of each key become one, and the key is added. In this order, inside a transaction.
 */
#ifndef ANTENNA_POSTGRES_ADOPT_H
#define ANTENNA_POSTGRES_ADOPT_H

#include "config/config.h"
#include "postgres/contract.h"

/** How the rows of one key become one. */
enum merge_rule {
    MERGE_SUM,  /* all of them are parts of the total */
    MERGE_MAX,  /* each is the whole total, as far as it was known */
    MERGE_PARTS /* equal rows are repetitions, the others parts */
};

/** What an adoption did. */
struct adoption {
    enum merge_rule rule;
    int64_t removed;        /* rows that were merged into others */
    int64_t repeated;       /* of them, repetitions */
    int64_t repeated_bytes; /* of these */
    int64_t differing;      /* keys whose merged rows were not equal */
    int64_t shown_twice;    /* keys with merged rows of an hour that the clocks of --time-zone show twice */
    int64_t converted;      /* rows whose dates became UTC */
    int64_t put_aside;      /* rows that are in antenna.put_aside now */
    struct buffer reasons;  /* "2 null_id (30 bytes), …" */
};

/**
 * Adopts the table called `table`. Errors: ERROR_CONFIGURATION when rows cannot be merged, or are to stop the adoption,
 * or something of the operator's keeps the table from being altered.
 */
int adopt_table(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                struct adoption *ret_adoption, struct error *error) must_check;

/** Checks the options of an adoption that the database must know. Error: ERROR_CONFIGURATION. */
int adopt_check(struct postgres *postgres, const struct config *config, struct error *error) must_check;

/** Frees what the report holds; a zeroed one is fine. Fits cleanup(). */
void adoption_release(struct adoption *adoption);

#endif
