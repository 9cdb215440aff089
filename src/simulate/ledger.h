/*
 * The ledger: what any engine must make of the messages that were sent, to the byte, as CSV (RFC 4180) with the header
 * grain,date,type,id,value and these rows:
 *
 *   5min   start of 5 minutes  label of a standard total        id       its value in the 5 minutes, the default window
 *   hour   start of an hour    the same                         id       its value in the hour
 *   quota  start of an hour    user_bytes_total                 e-mail   bytes of a user who exceeded the hourly quota
 *   all    (empty)             messages_sent, events_accepted, events_rejected, bytes_total   (empty)   the number
 *
 * Rows are in the order of this list, then by date, type and id in byte order. Dates are UTC as PostgreSQL prints them:
 * 2022-02-20 10:05:00. Quota rows need a users file. The file appears under its name only when it is complete.
 */
#ifndef ANTENNA_SIMULATE_LEDGER_H
#define ANTENNA_SIMULATE_LEDGER_H

#include "base/attributes.h"
#include "base/error.h"
#include "simulate/population.h"
#include "simulate/tally.h"

struct ledger;

/**
 * Begins a ledger, in the file `path`.partial for the time being. Borrows `population`. Error: ERROR_CONFIGURATION when
 * the file cannot be made. Free with ledger_free().
 */
int ledger_open(const char *path, const struct population *population, struct ledger **ret_ledger, struct error *error)
    must_check;

/** Frees the ledger; one that was not written leaves no file. NULL is fine. */
void ledger_free(struct ledger *ledger);

/** Counts a valid event that Kafka has acknowledged. Errors: those of sums_add(). */
int ledger_add(struct ledger *ledger, const struct coded_event *event, struct error *error) must_check;

/** Writes the ledger and gives it its name. Call once. Errors: ERROR_UNAVAILABLE from the disk, those of sums_add(). */
int ledger_write(struct ledger *ledger, const struct tally *tally, struct error *error) must_check;

#endif
