/* Whether a table has the rows that were written to it: triggers, rules and row-level security drop or change rows
 * without an error. A transaction that lost rows must not be committed. */
#ifndef ANTENNA_POSTGRES_WRITTEN_H
#define ANTENNA_POSTGRES_WRITTEN_H

#include "postgres/client.h"

/** Fills `error` with ERROR_MISTAKE for a table that has `found` rows of those written, and names what may have dropped
 * the others. Always returns -1. */
int written_refuse(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error);

/** Fails like written_refuse() unless as many rows were found as were written. */
int written_check(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
    must_check;

/** The same for the number of rows that a statement reports in its result. */
int written_check_result(struct postgres *postgres, const char *table, size_t written, PGresult *result,
                         struct error *error) must_check;

/** Runs one statement that must write `written` rows to `table`. Errors: those of postgres_run() and written_refuse().
 */
int written_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, const char *table,
                size_t written, struct error *error) must_check;

#endif
