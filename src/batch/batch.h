/*
 * The batch layer: the hours that are asked for, one after the other, each in a transaction of its own; once, or again
 * and again as a service.
 */
#ifndef ANTENNA_BATCH_BATCH_H
#define ANTENNA_BATCH_BATCH_H

#include "batch/hour.h"

/** Is told of each hour that was run. */
struct batch_listener {
    void (*hour_done)(void *context, const struct batch_report *report);
    void *context;
};

/** What a call has done in all. */
struct batch_summary {
    size_t hours;      /* run */
    size_t failed;     /* left as they were, each logged with its reason */
    size_t left;       /* not reached because a stop was asked for */
    int64_t left_from; /* the first of them */
};

/**
 * Runs the hours that the configuration names, or those that are pending, and shows a bar on a terminal. Of several
 * hours one that fails is logged, and the others are run all the same. Errors: ERROR_USAGE for options that do not go
 * together; ERROR_CONFIGURATION for a missing table or folder, for hours that had to be sealed and are not, and when
 * hours failed; ERROR_UNAVAILABLE for what gives no answer.
 */
int batch_run(const struct config *config, const struct batch_listener *listener, struct batch_summary *ret_summary,
              struct error *error) must_check;

#endif
