/* Every total of an hour, computed again from the files, beside the rows of both tables. */
#ifndef ANTENNA_VERIFY_TOTALS_H
#define ANTENNA_VERIFY_TOTALS_H

#include "archive/reader.h"
#include "verify/verify.h"

/** Which tables the totals are held against. */
struct totals_check {
    struct reader *reader;
    const struct file_names *files; /* all of the hour's */
    const struct ledger_totals *totals;
    const struct hour_sums *sums; /* which kinds are kept, and which must be whole */
    bool speed;                   /* the window totals hold what the files do, and nothing besides */
    bool hourly;                  /* the hourly totals do */
};

/**
 * Adds a difference for the first totals that differ of each table, and one for how many more there are. Errors: those
 * of reader_sum().
 */
int verify_totals(const struct totals_check *check, struct hour_finding *finding, struct error *error) must_check;

#endif
