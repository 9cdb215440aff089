/* What `status` shows, as of one moment, and how fast it changes between two moments. */
#ifndef ANTENNA_STATUS_FIGURES_H
#define ANTENNA_STATUS_FIGURES_H

#include "postgres/notices.h"
#include "postgres/status.h"

/** Hours that are read at most. */
#define FIGURES_HOURS 10

/** Unless --roll-age is longer than usual, a worker commits more often, even if there is nothing to read: after this
 * time nobody works on a partition, and its lag is old. */
#define FIGURES_SILENT_SECONDS 90

/** The rate of a partition of which no earlier figures are known. */
#define RATE_UNKNOWN (-1.0)

/** Messages that were rejected for a reason. */
struct rejected_reason {
    char *reason;
    int64_t messages;
};

struct figures {
    int64_t read_ms; /* when, by the monotonic clock */
    int64_t read_at; /* the same in seconds since the Unix epoch */
    struct partition_statuses partitions;
    double *rates; /* messages a second of each partition, or RATE_UNKNOWN */
    struct archive_status archive;
    struct hour_statuses hours;
    struct notice_counts notices;
    struct forgetting_status forgetting;
    struct rejected_reason *reasons; /* the most frequent first */
    size_t reason_count;
};

/**
 * Reads all figures as of one moment, their rates unknown. Free with figures_free(). Errors: as postgres_run();
 * ERROR_CONFIGURATION when the filter names a job or topic of which there is no partition.
 */
int figures_read(struct postgres *postgres, const struct partition_filter *filter, struct figures **ret_figures,
                 struct error *error) must_check;

/** Sets the rates of the partitions that earlier figures know, too. */
void figures_compare(struct figures *figures, const struct figures *before);

/**
 * Finds the partition that is furthest behind. Returns the seconds: of its lag or, when nobody works on it and they
 * are more, since its last commit; -1 when there is no partition.
 */
int64_t figures_furthest(const struct figures *figures, struct partition_status *ret_partition);

/** Frees the figures; NULL is fine. */
void figures_free(struct figures *figures);

/** For cleanup(). */
void figures_cleanup(struct figures **figures);

#endif
