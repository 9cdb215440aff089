/*
 * The figures on the terminal's screen, again and again. A thread reads them, and the caller's shows them: while
 * PostgreSQL is away, or does not answer, the screen goes on with the last figures and their age.
 */
#ifndef ANTENNA_STATUS_WATCH_H
#define ANTENNA_STATUS_WATCH_H

#include "config/config.h"
#include "postgres/status.h"

/**
 * Shows the figures each `interval_ms` until q is pressed or a stop is asked for. Takes `postgres` over, a connection
 * by `config`, which must outlive the process, as must the texts of `filter`. Errors: ERROR_CONFIGURATION when there is
 * no terminal; else those of the first reading.
 */
int watch_run(struct postgres *postgres, const struct config *config, const struct partition_filter *filter,
              int64_t interval_ms, struct error *error) must_check;

#endif
