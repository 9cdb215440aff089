/*
 * A walk through hours, for the commands that change many: a bar on a terminal, a stop between two hours, and failures.
 * The failure of an hour is logged and counted, and the walk goes on; without a connection it ends.
 */
#ifndef ANTENNA_BATCH_WALK_H
#define ANTENNA_BATCH_WALK_H

#include "base/terminal.h"
#include "postgres/hours.h"

/** One call. Set the first two members, the others are zero. */
struct walk {
    const char *what; /* is done to the hours, for the error: "prune" */
    bool one_fails;   /* of a walk of one hour the failure is returned, instead of logged and counted */
    struct bar bar;   /* to be ended before anything is printed */
    size_t failed;    /* each logged with its reason */
    size_t left;      /* not reached because a stop was asked for */
    int64_t left_from;
    enum error_code failure; /* the most severe */
};

/** Does one hour. Returns -1 with an error that names the hour. */
typedef int (*walk_function)(void *context, const struct hour_entry *entry, struct error *error);

/** Does all hours, or those before a stop. Errors: the first after which `postgres` is not connected, and that of the
 * only hour with `one_fails`. */
int walk_hours(struct walk *walk, const struct postgres *postgres, const struct hour_list *hours, walk_function run,
               void *context, struct error *error) must_check;

/** Fails with the kind of the most severe failure when hours have failed, `count` being all. */
int walk_result(const struct walk *walk, size_t count, struct error *error) must_check;

#endif
