/* The query of an hour's totals, all kinds in one scan of the rows. */
#ifndef ANTENNA_ARCHIVE_GROUPING_H
#define ANTENNA_ARCHIVE_GROUPING_H

#include "base/buffer.h"
#include "record/total_kind.h"

/**
 * Appends the query of the totals of the kinds, one or more: kind (INTEGER), id (VARCHAR, NULL for events without a
 * name), events (BIGINT) and value (HUGEINT), in the order of (kind, id). `rows` is a query of the rows, with a column
 * for each required text and the column bytes.
 */
void grouping_append(struct buffer *sql, total_kind_set kinds, const char *rows);

#endif
