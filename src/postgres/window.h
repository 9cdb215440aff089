/*
 * The window of the totals: how many seconds each row of the totals is for. It is a property of the data set, so that
 * one table never has rows of two windows: provision stores it, and every claim of a partition names it.
 */
#ifndef ANTENNA_POSTGRES_WINDOW_H
#define ANTENNA_POSTGRES_WINDOW_H

#include "config/config.h"
#include "postgres/client.h"

/** A window as the option takes it, such as "5m". */
struct window_shown {
    char text[24];
};

struct window_shown window_show(int64_t seconds);

/** Whether so many milliseconds can be a window: whole seconds that divide an hour, so that each lies in one hour. */
bool window_is_valid(int64_t milliseconds);

/**
 * Stores the window that the configuration names, inside the transaction of provision; without one the stored window
 * stays, and a new database gets 5 minutes. `before`: the version of the schema before this transaction, 0 for none.
 * Workers that have claimed partitions with another window are fenced. Error: ERROR_CONFIGURATION when something is
 * counted in another window.
 */
int window_store(struct postgres *postgres, const struct config *config, int64_t before, int64_t *ret_seconds,
                 struct error *error) must_check;

/** Reads the window. Error: ERROR_CONFIGURATION when none is stored that can be one. */
int window_read(struct postgres *postgres, int64_t *ret_seconds, struct error *error) must_check;

/** Checks that the window is still `seconds`. Error: ERROR_CONFIGURATION. */
int window_check(struct postgres *postgres, int64_t seconds, struct error *error) must_check;

#endif
