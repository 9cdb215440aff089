/* The 5-minute totals in the table `bytes`. */
#ifndef ANTENNA_POSTGRES_TOTALS_H
#define ANTENNA_POSTGRES_TOTALS_H

#include "postgres/client.h"

/** Rows that one statement carries. */
#define TOTALS_STATEMENT_ROWS 20000

/** Deltas on their way to the table, a statement's worth at a time. */
struct totals_writer {
    struct postgres *postgres;
    char *sql;
    struct array dates, labels, ids, values;
    struct array label_names;
};

/** Begins to write to `table`, inside a transaction. `label_names`: the values of `type`, `count` of them. */
void totals_writer_init(struct totals_writer *writer, struct postgres *postgres, const char *table,
                        const char *const *label_names, int count);

/** Frees what it holds. Fits cleanup(). */
void totals_writer_release(struct totals_writer *writer);

/**
 * Adds `value` to the total of (window that begins at `date`, label number `label` from 0, id). Must be called in the
 * order of (date, label, id), so that workers which meet on rows do not lock each other out.
 */
int totals_write(struct totals_writer *writer, int64_t date, int label, struct slice id, int64_t value,
                 struct error *error) must_check;

/** Sends what is left. */
int totals_flush(struct totals_writer *writer, struct error *error) must_check;

#endif
