/* The query of an hour's totals, or of those of its windows, all kinds in one scan of the rows. */
#ifndef ANTENNA_ARCHIVE_GROUPING_H
#define ANTENNA_ARCHIVE_GROUPING_H

#include "base/buffer.h"
#include "record/total_kind.h"

/**
 * Appends the query of the totals of the kinds, one or more: kind (INTEGER), id (VARCHAR, NULL for events without a
 * name), events (BIGINT), value (HUGEINT) and the window's first second (BIGINT). `rows` is a query of the rows, with a
 * column for each required text and the column bytes. With a window of 0 seconds there is one window, and the totals
 * come in the order of (kind, id); else rows have the column time, as shapes_append() gives it, and the order is any.
 */
void grouping_append(struct buffer *sql, total_kind_set kinds, int64_t window, const char *rows);

#endif
