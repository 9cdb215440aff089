/*
 * The proof that the archive's list, its files, the window totals and the hourly totals agree, hour by hour, and that
 * the hours agree with what the speed layer has counted.
 */
#ifndef ANTENNA_VERIFY_VERIFY_H
#define ANTENNA_VERIFY_VERIFY_H

#include "archive/repeats.h"
#include "config/config.h"
#include "postgres/ledger.h"
#include "record/total_kind.h"

/** Why two of them differ; part of the data contract by its code, cause_code(). */
enum cause {
    CAUSE_FILE_MISSING,
    CAUSE_FILE_DAMAGED,    /* it cannot be read, or does not hold what the list says */
    CAUSE_FILE_UNLISTED,   /* it lies in the archive's folder: readers that ignore the list count it */
    CAUSE_LIST_EDITED,     /* antenna.hour and antenna.archive_file differ */
    CAUSE_NOT_ARCHIVED,    /* totalled, and on its way to the archive */
    CAUSE_NOT_TOTALLED,    /* archived, and on its way to the totals */
    CAUSE_SPEED_EDITED,    /* rows of the window totals were changed by other hands, or are not of this archive */
    CAUSE_NOT_BATCHED,     /* no batch run yet */
    CAUSE_DIRTY,           /* changed after its batch run */
    CAUSE_HELD,            /* the totals did not come from this archive alone, and it has more rows of the hour */
    CAUSE_HOURLY_EDITED,   /* rows of the hourly totals were changed by other hands, or are not of this archive */
    CAUSE_COUNTERS_EDITED, /* the counters of antenna.progress differ from the sum of the hours */
    CAUSES,
};

/** One difference. */
struct difference {
    enum cause cause;
    bool expected; /* of an hour that is not sealed: it will go away by itself */
    char *detail;  /* owned: what, where, and both numbers */
};

struct differences {
    struct difference *list;
    size_t count;
};

/** What was found of an hour. */
struct hour_finding {
    int64_t hour;
    bool sealed;
    struct hour_sums sums;
    size_t files;       /* that were found and are whole */
    int64_t file_rows;  /* by their footers */
    int64_t file_bytes; /* by their rows, with --deep */
    struct differences differences;
    struct repeats repeats; /* no difference: they were sent so; with --deep, and when all files are whole */
};

/** Is told of each hour; what it is given is valid during the call. */
struct verify_listener {
    void (*hour_done)(void *context, const struct hour_finding *finding);
    void *context;
};

/** Reasons for rejecting messages that are told. */
#define VERIFY_REASONS_MAX 32
#define VERIFY_REASON_SIZE 64

/** How many messages were rejected for a reason. */
struct rejected_reason {
    char reason[VERIFY_REASON_SIZE];
    int64_t messages;
};

/** What was found in all. */
struct verify_summary {
    size_t hours;     /* that were looked at */
    size_t left;      /* not reached because a stop was asked for */
    size_t differing; /* hours with a difference that is not expected */
    struct ledger_counters counters;
    struct rejected_reason rejected[VERIFY_REASONS_MAX];
    size_t rejected_count;
    struct differences differences; /* of the counters, and files that lie in no hour's folder */
};

/**
 * Verifies the hours that the configuration names, and shows a bar on a terminal. Returns 1 when there are differences
 * that are not expected. Free the summary with verify_summary_release(). Errors: ERROR_USAGE, ERROR_CONFIGURATION,
 * ERROR_UNAVAILABLE.
 */
int verify_run(const struct config *config, const struct verify_listener *listener, struct verify_summary *ret_summary,
               struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void verify_summary_release(struct verify_summary *summary);

/** The code of a cause, such as "file_missing". */
const char *cause_code(enum cause cause);

#endif
