/*
 * Users hear of their quota, and the operator of silent antennas. A turn writes what the running hour makes worth
 * telling into the outbox, and sends what is due there; what the final totals of an hour make of it, batch has written.
 * Once, or again and again as a service.
 */
#ifndef ANTENNA_NOTIFY_NOTIFY_H
#define ANTENNA_NOTIFY_NOTIFY_H

#include "config/config.h"
#include "notify/template.h"

/** Is given each notice of a dry run instead of its server. */
struct notify_listener {
    void (*would_send)(void *context, const struct notice *notice, const struct message *message);
    void *context;
};

/** What a call has done in all. */
struct notify_summary {
    int64_t sent;
    int64_t skipped; /* said nothing to anybody */
    int64_t dead;    /* refused for good, or so often that they were given up */
    int64_t waiting; /* for another attempt */
    bool left;       /* whether some that were due were left, by a stop or for the next turn */
};

/**
 * Sends what is due, or with --follow what comes, too, until a stop is asked for. Errors: ERROR_USAGE for options that
 * do not go together; ERROR_CONFIGURATION for a template, a login or a sender that is refused; ERROR_UNAVAILABLE for
 * servers that are unavailable.
 */
int notify_run(const struct config *config, const struct notify_listener *listener, struct notify_summary *ret_summary,
               struct error *error) must_check;

#endif
