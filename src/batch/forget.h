/*
 * One user is erased: in the files of the archive and in the totals a random pseudonym replaces the id, so that all
 * sums stay; what names the user elsewhere is replaced or removed. Each hour is one transaction, with the
 * exchange of folders that compaction makes; a run that was interrupted goes on with the same pseudonym.
 */
#ifndef ANTENNA_BATCH_FORGET_H
#define ANTENNA_BATCH_FORGET_H

#include "postgres/forget.h"

/** What was changed of an hour, or with --dry-run would be. */
struct forget_report {
    int64_t hour;
    bool waits; /* nothing was: some events are on their way between window totals and archive */
    int64_t files, file_rows;
    struct forgotten_rows rows; /* of its totals */
};

/** Is told of each hour that has something of the user. */
struct forget_listener {
    void (*hour_done)(void *context, const struct forget_report *report);
    void *context;
};

/** What a call has done in all. */
struct forget_summary {
    size_t hours;   /* of which something was changed */
    size_t waiting; /* forget_report.waits */
    size_t failed;  /* left as they are, each logged with its reason */
    size_t left;    /* not reached because a stop was asked for */
    int64_t files, file_rows;
    struct forgotten_rows rows;
    int64_t meanwhile; /* rows that came while it ran */
};

/**
 * Erases the user that the configuration names, or with --dry-run only counts. An hour that fails is logged, and the
 * others are changed all the same. Errors: ERROR_USAGE; ERROR_CONFIGURATION for an archive that is not whole, and for
 * files of other programs that name the user or cannot be read; ERROR_UNAVAILABLE.
 */
int forget_run(const struct config *config, const struct forget_listener *listener, struct forget_summary *ret_summary,
               struct error *error) must_check;

#endif
