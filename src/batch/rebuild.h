/*
 * Window totals from the archive: the rows of sealed hours are summed up again by window, and rows of the table `bytes`
 * that differ are corrected, in one transaction for each hour. It repairs rows that were edited or lost, and computes
 * the totals of hours that only the archive has.
 *
 * The speed layer may run meanwhile: differences are added, not values set, in the order in which commits lock rows.
 */
#ifndef ANTENNA_BATCH_REBUILD_H
#define ANTENNA_BATCH_REBUILD_H

#include "batch/input.h"
#include "postgres/rebuilt.h"

/** What became of an hour. */
struct rebuild_report {
    int64_t hour; /* its first second */
    bool sealed;  /* else more is expected, and it is left as it is */
    bool rebuilt; /* else it was only looked at */
    size_t files; /* that were read */
    int64_t rows, bytes;
    struct rebuilt_state before;
    struct foreign_rejects rejects; /* rows of files that are not listed */
};

/** Is told of each hour. */
struct rebuild_listener {
    void (*hour_done)(void *context, const struct rebuild_report *report);
    void *context;
};

/** What a call has done in all. */
struct rebuild_summary {
    size_t hours;      /* compared */
    size_t open;       /* left as they are because more is expected */
    size_t left;       /* not reached because a stop was asked for */
    size_t failed;     /* left as they are, each logged with its reason */
    int64_t left_from; /* the first hour of those that are open or not reached */
};

/**
 * Rebuilds the hours that the configuration names, or with --dry-run only reports what would change. Of several hours
 * one that fails is logged, and the others are rebuilt all the same. Errors: ERROR_USAGE; ERROR_CONFIGURATION for an
 * archive that is not whole, for an hour with more counted bytes than the archive has, and when hours failed;
 * ERROR_UNAVAILABLE.
 */
int rebuild_run(const struct config *config, const struct rebuild_listener *listener,
                struct rebuild_summary *ret_summary, struct error *error) must_check;

#endif
