/*
 * The deltas of one commit: sums by (window, kind, id) since the last one. There is no other window state:
 * PostgreSQL adds, so that late events and other workers need nothing from here.
 */
#ifndef ANTENNA_SPEED_TOTALS_H
#define ANTENNA_SPEED_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "postgres/totals.h"
#include "record/dictionary.h"

/** Sums that wait for a commit at most; 16 bytes each, in a table twice as large. */
#define TOTALS_MAX (1u << 20)

/** One sum. */
struct total {
    int64_t window; /* first second */
    enum total_kind kind;
    struct slice id; /* the dictionary's */
    int64_t value;   /* in the unit of its kind */
};

struct totals;

/** An empty collection of the kinds, for windows of so many seconds. Free with totals_free(). */
struct totals *totals_new(int64_t window, total_kind_set kinds) must_check;

/** Frees it; NULL is fine. */
void totals_free(struct totals *totals);

/** Forgets all sums and keeps the memory. */
void totals_clear(struct totals *totals);

/** How many sums there are. */
size_t totals_count(const struct totals *totals);

/** Bytes that they take, and what sorting them for a commit takes. */
size_t totals_memory(const struct totals *totals);

/** Fetches into the cache where the event's sums are; done for many events before they are added. */
void totals_fetch(struct totals *totals, const struct coded_event *event);

/**
 * Adds an event to its sum of each kind. Returns 1, with nothing added, when there is no room for them or a sum would
 * exceed int64: commit, clear and add it again. An empty collection takes any event.
 */
int totals_add(struct totals *totals, const struct coded_event *event) must_check;

/** The hours of the events that were added, ascending, with how many each has; `bytes` is 0. Free the array. */
struct hour_bytes *totals_hours(const struct totals *totals, size_t *ret_count) must_check;

/**
 * The sums in the order in which every worker writes them, so that none waits for another in a circle: by the
 * kinds' turns (total_kind.h), each by (window, id). An array of totals_count() entries, valid until the collection or
 * the dictionary changes. Free it.
 */
struct total *totals_sorted(const struct totals *totals, const struct dictionary *dictionary) must_check;

#endif
