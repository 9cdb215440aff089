/*
 * Full hours: events whose bytes would make a sum exceed BIGINT. One check suffices: if the bytes of an hour, of all
 * events together, fit int64, so do those of its windows, of each name and of each file. PostgreSQL counts them at each
 * commit (count_hours.sql). When a commit fails because an hour is full, the worker learns the bytes of the hour, reads
 * the messages again, and rejects each event that would exceed it.
 *
 * Such a message is valid in itself; only the sum at its time decides. So each is kept in antenna.rejected_message, and
 * looked up there when it is read again for the archive: deciding again could give another answer.
 *
 * Order of calls: full_hours_note() after a failed commit; then for each event full_hours_have_room() and
 * full_hours_add(), and full_hours_commit() or full_hours_drop() for all that was taken. Used by the worker's thread
 * only.
 */
#ifndef ANTENNA_SPEED_FULL_HOURS_H
#define ANTENNA_SPEED_FULL_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postgres/rejected.h"

/** An hour that is nearly full. */
struct full_hour {
    int64_t hour;      /* its first second */
    int64_t committed; /* bytes in PostgreSQL */
    int64_t taken;     /* bytes that wait for the next commit */
};

/** Zero-initialise. Both lists are empty in ordinary operation: an hour is full only if events name absurd bytes. */
struct full_hours {
    struct full_hour *hours;
    size_t hour_count;
    struct refused *refused;
    size_t refused_count;
};

/** Frees it. */
void full_hours_release(struct full_hours *full_hours);

/** Notes how many bytes PostgreSQL has of an hour that a commit found to be full. */
void full_hours_note(struct full_hours *full_hours, int64_t hour, int64_t committed);

/** Whether the event's hour has room for its bytes. */
bool full_hours_have_room(const struct full_hours *full_hours, int64_t timestamp, int64_t bytes);

/** Counts the bytes of an event that was taken. */
void full_hours_add(struct full_hours *full_hours, int64_t timestamp, int64_t bytes);

/** What was taken is committed. */
void full_hours_commit(struct full_hours *full_hours);

/** What was taken is dropped. */
void full_hours_drop(struct full_hours *full_hours);

/** Sets the messages that were refused before; takes over the list. */
void full_hours_set_refused(struct full_hours *full_hours, struct refused *refused, size_t count);

/** Whether a message was refused before. */
bool full_hours_was_refused(const struct full_hours *full_hours, int32_t partition, int64_t offset);

#endif
