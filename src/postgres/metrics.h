/*
 * The metrics of the data set: which kinds of totals both layers keep beside those that every installation has.
 * provision switches them on for good, and every claim of a partition names them, so that no worker counts without
 * them.
 */
#ifndef ANTENNA_POSTGRES_METRICS_H
#define ANTENNA_POSTGRES_METRICS_H

#include "config/config.h"
#include "postgres/client.h"
#include "record/total_kind.h"

/**
 * Switches on the metrics that the configuration names, inside the transaction of provision and after the window is
 * stored. Workers that have claimed partitions without them are fenced.
 */
int metrics_store(struct postgres *postgres, const struct config *config, total_kind_set *ret_kinds,
                  struct error *error) must_check;

/** Reads the kinds of totals, those of every installation among them. Error: ERROR_CONFIGURATION for one that is not
 * known.
 */
int metrics_read(struct postgres *postgres, total_kind_set *ret_kinds, struct error *error) must_check;

/** Reads the kinds that the hourly totals of an hour have whose files were removed. Errors: as metrics_read(). */
int metrics_read_pruned(struct postgres *postgres, int64_t hour, total_kind_set *ret_kinds, struct error *error)
    must_check;

/** Checks that the kinds are still these, and keeps them so until the transaction ends. Error: ERROR_UNAVAILABLE. */
int metrics_hold(struct postgres *postgres, total_kind_set kinds, struct error *error) must_check;

/** Checks that the kinds are still these. Error: ERROR_CONFIGURATION. */
int metrics_check(struct postgres *postgres, total_kind_set kinds, struct error *error) must_check;

#endif
