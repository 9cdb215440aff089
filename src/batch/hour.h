/*
 * Processes one hour of the archive to hourly totals and users over quota, in one transaction. A run replaces all that
 * earlier runs have written of the hour, so it can be repeated, and a failure leaves the hour as it was.
 *
 * The hour's advisory lock (hours_lock()) keeps other batch runs, compaction, rebuild, prune and forget of the same
 * hour out. The speed layer does not wait for it: files that are listed meanwhile make the hour dirty again.
 */
#ifndef ANTENNA_BATCH_HOUR_H
#define ANTENNA_BATCH_HOUR_H

#include "batch/compact.h"
#include "batch/input.h"

/** What the run of an hour has done. */
struct batch_report {
    int64_t hour;         /* its first second */
    total_kind_set kinds; /* of its totals */
    bool rerun;           /* a run of this hour was noted before */
    bool sealed;          /* else the totals are provisional: more is expected */
    bool late;            /* late rows were added to an hour whose other files were removed */
    size_t files;         /* that were read */
    size_t unlisted;      /* files that were found and the list of the archive does not have, read or not */
    size_t left_out;      /* of them, that were not read */
    int64_t rows;
    int64_t bytes;
    int64_t totals[TOTAL_KINDS];    /* rows written to bytes_hourly */
    int64_t exceeded;               /* users over their quota */
    int64_t unknown;                /* users without metadata */
    struct foreign_rejects rejects; /* rows of files that are not listed */
    int64_t replaced_bytes; /* of totals that no run had noted, such as those of the Spark job; 0: there were none */
    struct compact_report compact;
};

/** With what hours are processed. */
struct batch_tools {
    const struct config *config;
    struct postgres *postgres;
    struct reader *reader;
    struct input_rule input;
    bool pending;     /* only hours that are pending are run */
    bool bookkeeping; /* the database has the list of the archive's files; else all files of a folder are read */
};

/**
 * Processes an hour and replaces its rows in the tables. Returns 1 if the hour had to be pending and no longer is.
 * After an error or a 1 nothing is written, and the caller rolls back the transaction. Errors: ERROR_CONFIGURATION,
 * with the name of the file, if a file is missing or differs from the list; ERROR_CONFIGURATION if the files have less
 * than the tables; ERROR_UNAVAILABLE.
 */
int batch_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct batch_report *ret_report,
               struct error *error) must_check;

#endif
