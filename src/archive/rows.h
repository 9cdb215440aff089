/*
 * Events on their way to Parquet: gathered in memory by hour, column by column, 24 bytes a row and 4 for each optional
 * text that some row has. For each hour they also carry what the list of files will say: rows, sum of bytes, first and
 * last event time, offsets per partition.
 */
#ifndef ANTENNA_ARCHIVE_ROWS_H
#define ANTENNA_ARCHIVE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "record/dictionary.h"

/** The offsets of one partition whose messages lie in an hour's rows, both inclusive. */
struct rows_range {
    int32_t partition;
    int64_t first;
    int64_t last;
};

struct rows_hour {
    int64_t hour; /* its first second */
    size_t count; /* of rows */
    size_t capacity;
    uint32_t *timestamps;   /* seconds since the Unix epoch */
    uint32_t *codes[TEXTS]; /* NULL: no row has this text */
    int64_t *bytes;
    int64_t bytes_total;
    uint32_t min_timestamp, max_timestamp;
    struct rows_range *ranges;
    size_t range_count;
};

/** What a roll waits for: whichever is reached first. */
struct rows_limits {
    size_t count;
    size_t memory; /* bytes */
};

/** Zero-initialise, then set the limits. Memory alone bounds how many hours gather: a backfill has hundreds. */
struct rows {
    struct rows_limits limits;
    struct rows_hour **hours; /* in the order of their first event */
    size_t hour_count;
    uint32_t *slots; /* a hash table of the hours: index + 1, 0 is a free slot; at most half full */
    size_t slot_count;
    struct rows_hour *last; /* of the row that was added last: the next one mostly belongs to it, too */
    size_t count;           /* of rows, all hours */
    size_t memory;          /* bytes allocated for them, as if each had all texts */
};

/** Whether the event keeps the limits; if not, roll and clear first. An empty collection has room for any event. */
bool rows_have_room(const struct rows *rows, const struct coded_event *event) must_check;

/** Adds an event for which there is room, and which came from a partition's offset. */
void rows_add(struct rows *rows, const struct coded_event *event, int32_t partition, int64_t offset);

/** Sorts the hours by time; then only rows_drop_columns() and rows_clear() are left to call. */
void rows_sort(struct rows *rows);

/** Frees the columns of an hour's rows, which are needed no more; the rest, which the list of files needs, stays. */
void rows_drop_columns(struct rows_hour *hour);

/** Forgets all rows and frees their memory. Fits cleanup(). */
void rows_clear(struct rows *rows);

#endif
