/* The batch layer: an hour of the archive becomes hourly totals and quota offenders, in one transaction. */
#ifndef ANTENNA_BATCH_BATCH_H
#define ANTENNA_BATCH_BATCH_H

#include "config/config.h"
#include "record/dictionary.h"

/** What a run has done. */
struct batch_report {
    int64_t hour; /* its first second */
    size_t files;
    bool listed; /* whether the files come from the list of the archive; else from the hour's folder */
    bool rerun;  /* whether a run of this hour was noted before */
    int64_t events;
    int64_t bytes;
    int64_t totals[DIMENSIONS]; /* rows written to bytes_hourly */
    int64_t exceeded;           /* users over their quota */
    int64_t unknown;            /* users without metadata */
};

/**
 * Runs the hour that the configuration names and replaces what is in the tables about it. Errors: ERROR_MISTAKE for a
 * missing file, table or folder; ERROR_WORLD for what gives no answer; nothing is written then.
 */
int batch_run(const struct config *config, struct batch_report *ret_report, struct error *error) must_check;

#endif
