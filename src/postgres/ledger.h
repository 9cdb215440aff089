/* What the tables say about the bytes of an hour and of all of them, side by side: the ledger that verify reads. */
#ifndef ANTENNA_POSTGRES_LEDGER_H
#define ANTENNA_POSTGRES_LEDGER_H

#include "postgres/hours.h"
#include "postgres/totals.h"

/** No total. */
#define LEDGER_NONE INT64_MIN

/** The tables that take part. */
struct ledger_tables {
    const char *bytes;
    const char *bytes_hourly;
};

/** What every table says of one hour. A sum beyond int64 is INT64_MAX. */
struct hour_sums {
    bool known; /* to the archive's list */
    bool batched;
    bool dirty;
    int64_t files, rows, bytes;                      /* by antenna.hour */
    int64_t listed_files, listed_rows, listed_bytes; /* by antenna.archive_file */
    int64_t batch_rows, batch_bytes;                 /* that the last batch run read */
    int64_t batch_unlisted_rows;                     /* of which so many rows were in files that are not listed */
    int64_t speed[TOTAL_KINDS];                      /* window totals, in the unit of their kind */
    int64_t hourly[TOTAL_KINDS];                     /* hourly totals */
    total_kind_set speed_kinds, hourly_kinds;        /* those that must be whole, metrics since they are switched on */
    total_kind_set kinds;                            /* all that are switched on */
    int64_t hourly_rows;
    int64_t to_archive;                             /* bytes of any hour that are totalled and not yet archived */
    int64_t to_total;                               /* and the other way round */
    int64_t messages_to_archive, messages_to_total; /* that have these bytes, or none */
    int64_t misplaced;                              /* rows of the window totals at times where no window starts */
    int64_t rebuilt_unlisted_rows, rebuilt_unlisted_bytes; /* of files that are not listed, in the window totals */
    int64_t pruned_files, pruned_rows, pruned_bytes;       /* of files, rows and bytes: removed from the archive */
    int64_t pruned_events, pruned_total_bytes;             /* that removed window totals had */
    bool hourly_pruned;                                    /* the hourly totals were removed */
};

/** The hours of the range, both inclusive, of which any table has something, or that are among the `count` of `found`.
 */
int ledger_hours(struct postgres *postgres, const struct ledger_tables *tables, int64_t from, int64_t to,
                 const int64_t *found, size_t count, struct hour_list *ret_hours, struct error *error) must_check;

/** What the tables say of an hour. */
int ledger_hour(struct postgres *postgres, const struct ledger_tables *tables, int64_t hour, struct hour_sums *ret_sums,
                struct error *error) must_check;

/** One total by both layers; LEDGER_NONE where a layer has none. */
struct ledger_total {
    struct slice label;
    struct slice id;
    int64_t hourly;
    int64_t speed;
};

/** The totals of an hour, in the order of (label, id). */
struct ledger_totals {
    PGresult *result;
    int count;
};

/** Reads the totals of an hour. Free with ledger_totals_release(). */
int ledger_totals(struct postgres *postgres, const struct ledger_tables *tables, int64_t hour,
                  struct ledger_totals *ret_totals, struct error *error) must_check;

/** Total number `index`; its texts are the result's. */
struct ledger_total ledger_total_at(const struct ledger_totals *totals, int index);

/** Frees them. Fits cleanup(). */
void ledger_totals_release(struct ledger_totals *totals);

/** Rows of a table that are dated when no event can be (RECORD_TIME_MIN and RECORD_TIME_END of record/record.h). */
struct ledger_impossible {
    int64_t rows;
    char first[64]; /* of their dates, as PostgreSQL writes it */
};

/** Counts those of the window totals and of the hourly ones. */
int ledger_find_impossible(struct postgres *postgres, const struct ledger_tables *tables,
                           struct ledger_impossible *ret_speed, struct ledger_impossible *ret_hourly,
                           struct error *error) must_check;

/** The counters of all jobs, and what must equal them. */
struct ledger_counters {
    int64_t totalled, totalled_bytes;
    int64_t archived, archived_bytes;
    int64_t rejected;
    int64_t hour_rows, hour_bytes; /* = archived */
    int64_t rejected_counts;       /* = rejected */
};

/** Reads them, as of one moment. */
int ledger_counters(struct postgres *postgres, struct ledger_counters *ret_counters, struct error *error) must_check;

/** Returns how many messages were rejected for each reason, the most frequent first. */
int ledger_rejected(struct postgres *postgres, void (*take)(void *context, const char *reason, int64_t messages),
                    void *context, struct error *error) must_check;

#endif
