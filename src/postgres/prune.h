/*
 * What retention removes: window totals, files of the archive and hourly totals, hour by hour, and rejected messages
 * and notices. antenna.hour keeps what was removed of each hour, and when.
 */
#ifndef ANTENNA_POSTGRES_PRUNE_H
#define ANTENNA_POSTGRES_PRUNE_H

#include "postgres/client.h"
#include "postgres/ledger.h"

/** What can be kept for a limited time. */
enum prune_kind { PRUNE_TOTALS, PRUNE_ARCHIVE, PRUNE_HOURLY, PRUNE_REJECTED, PRUNE_NOTICES, PRUNE_KINDS };

/** For how many seconds each is kept after the hour's end, or the message's rejection; PRUNE_FOR_EVER: no limit. */
struct prune_limits {
    int64_t seconds[PRUNE_KINDS];
};

#define PRUNE_FOR_EVER (-1)

/** Instead of an hour. */
#define PRUNE_ALL_HOURS (-1)

/** The tables of the data set, as the options name them. */
struct prune_tables {
    char *bytes, *bytes_hourly, *user_quota_limit;
};

/** Reads them. Free with prune_tables_release(). */
int prune_tables_read(struct postgres *postgres, struct prune_tables *ret_tables, struct error *error) must_check;

/** Frees them. Fits cleanup(). */
void prune_tables_release(struct prune_tables *tables);

/** An hour, and what of it is old enough and there. */
struct prune_hour {
    int64_t hour;
    bool totals, archive, hourly;
};

struct prune_hours {
    struct prune_hour *list;
    size_t count;
};

/** Frees the list. Fits cleanup(). */
void prune_hours_release(struct prune_hours *hours);

/** The hours that have something to remove; `hour` is one, or PRUNE_ALL_HOURS. */
int prune_select(struct postgres *postgres, const struct prune_limits *limits, int64_t hour,
                 struct prune_hours *ret_hours, struct error *error) must_check;

/** How many hours are older than a limit and yet neither clean nor removed: they stay. */
int prune_count_old(struct postgres *postgres, int64_t seconds, int64_t *ret_count, struct error *error) must_check;

/** What is removed. */
struct prune_amounts {
    int64_t files, file_rows, file_size;
    int64_t totals;
    int64_t hourly_totals, users_over_quota;
};

/** Adds what was removed of an hour to a sum. */
void prune_add(struct prune_amounts *sum, const struct prune_amounts *amounts);

/** Counts what would be removed of an hour. */
int prune_count(struct postgres *postgres, const struct prune_tables *tables, const struct prune_hour *hour,
                struct prune_amounts *ret_amounts, struct error *error) must_check;

/**
 * Removes what is old enough of an hour, inside a transaction that has locked it: `kinds` are those that the window
 * totals have all of. Files are taken off the archive, as replaced by `place`, a path that no file has, for the writer
 * who has that token in its name to delete them.
 */
int prune_remove(struct postgres *postgres, const struct prune_tables *tables, const struct prune_hour *hour,
                 total_kind_set kinds, const char *place, struct prune_amounts *ret_amounts, struct error *error)
    must_check;

/**
 * Removes notices of hours that ended more than so many seconds ago, or with `dry_run` only counts them. Those that
 * wait stay, with those before them. Thresholds count from the first hour on that keeps its notices, so that none is
 * written again.
 */
int prune_notices(struct postgres *postgres, int64_t seconds, bool dry_run, int64_t *ret_count, struct error *error)
    must_check;

/** Removes rejected messages that are older than so many seconds, or with `dry_run` only counts them. */
int prune_rejected(struct postgres *postgres, int64_t seconds, bool dry_run, int64_t *ret_count, struct error *error)
    must_check;

#endif
