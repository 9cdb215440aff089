/* One hour of the archive becomes hourly totals and quota offenders, in one transaction. */
#ifndef ANTENNA_BATCH_HOUR_H
#define ANTENNA_BATCH_HOUR_H

#include "batch/compact.h"
#include "config/config.h"

/** What the run of an hour has done. */
struct batch_report {
    int64_t hour;    /* its first second */
    bool rerun;      /* a run of this hour was noted before */
    bool sealed;     /* else the totals are provisional: more is expected */
    size_t files;    /* that were read */
    size_t unlisted; /* of them, that the list of the archive does not have */
    size_t left_out; /* files in the hour's folder that are not listed and were not to be read */
    int64_t rows;
    int64_t bytes;
    int64_t totals[DIMENSIONS]; /* rows written to bytes_hourly */
    int64_t exceeded;           /* users over their quota */
    int64_t unknown;            /* users without metadata */
    struct compact_report compact;
};

/** With what hours are run. */
struct batch_tools {
    const struct config *config;
    struct postgres *postgres;
    struct reader *reader;
    bool bookkeeping; /* the database has the list of the archive's files; else all files of a folder are read */
};

/**
 * Runs an hour and replaces what is in the tables about it. Errors: ERROR_MISTAKE for a file that is missing or does
 * not hold what the list says, with its name; ERROR_WORLD. Nothing is written then, and the transaction is left to the
 * caller to roll back.
 */
int batch_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct batch_report *ret_report,
               struct error *error) must_check;

#endif
