/*
 * Events that no sum has room for. The bytes of an hour, of all events together, fit int64: so do those of its windows,
 * of each name and of each file. PostgreSQL counts them at each commit (count_hours.sql). When a commit fails because
 * an hour is full, the worker learns what the hour has, reads again, and rejects each event that would exceed it.
 *
 * Only the sum distinguishes such a message from a valid one. So each is kept in antenna.rejected_message, and looked
 * up there when it is read again for the archive.
 */
#ifndef ANTENNA_SPEED_EXCESS_H
#define ANTENNA_SPEED_EXCESS_H

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

/** Zero-initialise. Both lists are empty unless absurd events have come. */
struct excess {
    struct full_hour *hours;
    size_t hour_count;
    struct refused *refused;
    size_t refused_count;
};

/** Frees it. */
void excess_release(struct excess *excess);

/** Notes how many bytes PostgreSQL has of an hour that a commit found to be full. */
void excess_learn(struct excess *excess, int64_t hour, int64_t committed);

/** Whether the event's hour has room for its bytes. */
bool excess_has_room(const struct excess *excess, int64_t timestamp, int64_t bytes);

/** Counts the bytes of an event that was taken. */
void excess_take(struct excess *excess, int64_t timestamp, int64_t bytes);

/** What was taken is committed. */
void excess_commit(struct excess *excess);

/** What was taken is dropped. */
void excess_drop(struct excess *excess);

/** Sets the messages that were refused before; takes over the list. */
void excess_set_refused(struct excess *excess, struct refused *refused, size_t count);

/** Whether a message was refused before. */
bool excess_was_refused(const struct excess *excess, int32_t partition, int64_t offset);

#endif
