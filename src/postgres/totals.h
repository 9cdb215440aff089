/* Totals in the tables `bytes`, to which the speed layer adds, and `bytes_hourly`, whose hours the batch layer
 * replaces. */
#ifndef ANTENNA_POSTGRES_TOTALS_H
#define ANTENNA_POSTGRES_TOTALS_H

#include "postgres/client.h"

/** Rows that one statement carries. */
#define TOTALS_STATEMENT_ROWS 20000

/** The values of the column `type`, numbered from 0. */
struct totals_labels {
    const char *const *names;
    int count;
};

/** Totals on their way to the table, a statement's worth at a time. */
struct totals_writer {
    struct postgres *postgres;
    char *sql;
    struct array dates, labels, ids, values;
    struct array label_names;
};

/**
 * Begins to add to the totals of `table`, inside a transaction. totals_write() must then be called in the order of
 * (date, label, id), so that workers which meet on rows do not lock each other out.
 */
void totals_begin_adding(struct totals_writer *writer, struct postgres *postgres, const char *table,
                         struct totals_labels labels);

/** Removes the rows of `hour` from `table` and begins to insert those that take their place, inside a transaction. */
int totals_begin_replacing(struct totals_writer *writer, struct postgres *postgres, const char *table, int64_t hour,
                           struct totals_labels labels, struct error *error) must_check;

/** Frees what it holds; a zeroed writer is fine. Fits cleanup(). */
void totals_writer_release(struct totals_writer *writer);

/** Writes the total of (window or hour that begins at `date`, label number `label`, id). */
int totals_write(struct totals_writer *writer, int64_t date, int label, struct slice id, int64_t value,
                 struct error *error) must_check;

/** Sends what is left. */
int totals_flush(struct totals_writer *writer, struct error *error) must_check;

#endif
