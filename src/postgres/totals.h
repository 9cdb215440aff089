/*
 * Totals in the tables `bytes`, to which the speed layer adds, and `bytes_hourly`, whose hours the batch layer replaces
 * while it reads the totals that they have before.
 */
#ifndef ANTENNA_POSTGRES_TOTALS_H
#define ANTENNA_POSTGRES_TOTALS_H

#include "base/slice.h"
#include "postgres/client.h"
#include "postgres/pipeline.h"
#include "record/total_kind.h"

/** Rows that one statement carries. */
#define TOTALS_STATEMENT_ROWS 20000

/** The labels of the kinds, in their order. */
struct array totals_labels(total_kind_set kinds);

/** Totals on their way to the table, a statement's worth at a time. */
struct totals_writer {
    struct postgres *postgres; /* or NULL: they are sent off by the pipeline */
    struct pipeline *pipeline;
    const char *table;
    char *sql;
    struct columns rows;
    struct array label_names;
};

/**
 * Begins to add to the totals of `table`, which must outlive the pipeline. totals_write() must then be called in the
 * order of (date, label, id), so that workers which meet on rows do not lock each other out.
 */
void totals_begin_adding(struct totals_writer *writer, struct pipeline *pipeline, const char *table);

/** Begins to add to the totals of `table`, inside a transaction. */
void totals_begin_adding_here(struct totals_writer *writer, struct postgres *postgres, const char *table);

/** Begins to insert totals into `table`, which has none of their keys, inside a transaction. */
void totals_begin_inserting(struct totals_writer *writer, struct postgres *postgres, const char *table);

/** Removes the rows of `hour` from `table` and begins to insert those that take their place, inside a transaction. */
int totals_begin_replacing(struct totals_writer *writer, struct postgres *postgres, const char *table, int64_t hour,
                           struct error *error) must_check;

/** What an hour's totals were written of. */
struct totals_hour {
    total_kind_set kinds;
    int64_t rows; /* totals */
    int64_t events, bytes;
};

/**
 * Checks, once all is sent, that `table` has these totals of `hour` and no others. Error: ERROR_CONFIGURATION when
 * something of the table's has dropped or changed some.
 */
int totals_check_hour(struct postgres *postgres, const char *table, int64_t hour, const struct totals_hour *written,
                      struct error *error) must_check;

/** Frees what it holds; a zeroed writer is fine. Fits cleanup(). */
void totals_writer_release(struct totals_writer *writer);

/** Writes the total of (window or hour that begins at `date`, kind, id). */
int totals_write(struct totals_writer *writer, int64_t date, enum total_kind kind, struct slice id, int64_t value,
                 struct error *error) must_check;

/** Sends what is left. */
int totals_flush(struct totals_writer *writer, struct error *error) must_check;

/** Bytes of an hour: those that a commit adds, or those that PostgreSQL has. */
struct hour_bytes {
    int64_t hour; /* its first second */
    int64_t bytes;
    int64_t events; /* that a commit adds */
};

/**
 * Counts what a commit has added to the hours of `table`, ascending, as the last statement of its transaction: workers
 * that add to an hour wait for each other from here on. The server fails when an hour would exceed int64:
 * totals_find_full() then finds which.
 */
int totals_count_hours(struct pipeline *pipeline, const char *table, const struct hour_bytes *added, size_t count,
                       struct error *error) must_check;

/**
 * Finds the hours that would exceed int64 by what a commit adds, and how many bytes each has. `ret_full` has room for
 * `count` entries.
 */
int totals_find_full(struct postgres *postgres, const char *table, const struct hour_bytes *added, size_t count,
                     struct hour_bytes *ret_full, size_t *ret_count, struct error *error) must_check;

/** Whether one of the hours, given by their first seconds, has more than half of the bytes that fit int64. */
int totals_any_nearly_full(struct postgres *postgres, struct array *hours, bool *ret_any, struct error *error)
    must_check;

/** Zero-initialise, then earlier_totals_hold(); free with earlier_totals_release(). */
struct earlier_totals {
    struct postgres *postgres;
    PGresult *rows; /* a part of them; NULL: none is held */
    int next;
};

/** One total; the texts are valid until the next one is looked for. */
struct earlier_total {
    struct slice label;
    struct slice id;
    int64_t value; /* bytes */
};

/** Holds the totals of an hour as they are, until the transaction ends. */
int earlier_totals_hold(struct earlier_totals *totals, struct postgres *postgres, const char *bytes_hourly,
                        int64_t hour, struct error *error) must_check;

/** The first total that was not passed over yet, in the order of (label, id). Returns 1 when there is none. */
int earlier_totals_peek(struct earlier_totals *totals, struct earlier_total *ret_total, struct error *error) must_check;

/** Passes over the first total. */
void earlier_totals_skip(struct earlier_totals *totals);

/** Frees what it holds. Fits cleanup(). */
void earlier_totals_release(struct earlier_totals *totals);

#endif
