/* One hour, held against all that is known of it. */
#ifndef ANTENNA_VERIFY_HOUR_H
#define ANTENNA_VERIFY_HOUR_H

#include "archive/reader.h"
#include "verify/verify.h"

/** With what hours are verified. */
struct verify_tools {
    struct postgres *postgres;
    struct reader *reader;
    struct ledger_tables tables;
    const char *storage_path;
    bool deep;
};

/**
 * Verifies an hour, with batch runs of it kept out. Release the finding also after a failure. Errors:
 * those of PostgreSQL, and ERROR_CONFIGURATION when the hour's folder cannot be read.
 */
int verify_hour(const struct verify_tools *tools, const struct hour_entry *entry, struct hour_finding *finding,
                struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void hour_finding_release(struct hour_finding *finding);

#endif
