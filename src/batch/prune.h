/*
 * Retention: what is older than the operator keeps is removed, hour by hour, each in one transaction: window totals,
 * files of the archive, hourly totals; and rejected messages and notices. Only hours that are complete and in the
 * hourly totals lose anything. antenna.hour keeps what was removed, so that verify still adds up.
 */
#ifndef ANTENNA_BATCH_PRUNE_H
#define ANTENNA_BATCH_PRUNE_H

#include "config/config.h"
#include "postgres/prune.h"

/** What was removed of an hour, or with --dry-run would be. */
struct prune_report {
    struct prune_hour hour;
    struct prune_amounts amounts;
};

/** Is told of each hour. */
struct prune_listener {
    void (*hour_done)(void *context, const struct prune_report *report);
    void *context;
};

/** What a call has done in all. */
struct prune_summary {
    size_t hours;      /* of which something was removed */
    size_t failed;     /* left as they are, each logged with its reason */
    size_t left;       /* not reached because a stop was asked for */
    int64_t left_from; /* the first of them */
    int64_t kept;      /* hours that are old enough for their archive or totals to go, and are not complete */
    int64_t rejected;  /* messages */
    int64_t notices;
};

/** With what hours are pruned. */
struct prune_tools {
    struct postgres *postgres;
    const char *storage_path; /* NULL: no files are removed */
    struct prune_limits limits;
    bool dry_run;
};

/** Reads the limits from the configuration; `ret_any` is whether there is one. */
void prune_read_limits(const struct config *config, struct prune_limits *ret_limits, bool *ret_any);

/**
 * Removes what is older than the limits, until a stop is asked for, and shows a bar on a terminal. An hour that fails
 * is logged, and the others are pruned all the same. Errors: ERROR_CONFIGURATION when hours failed; ERROR_UNAVAILABLE.
 */
int prune_now(const struct prune_tools *tools, const struct prune_listener *listener, struct prune_summary *ret_summary,
              struct error *error) must_check;

/** Connects, checks, and prunes what the configuration says. Errors: as prune_now(), and ERROR_USAGE. */
int prune_run(const struct config *config, const struct prune_listener *listener, struct prune_summary *ret_summary,
              struct error *error) must_check;

#endif
