/* How the speed layer and the archive stand, for people and scripts. Times are seconds since the Unix epoch. */
#ifndef ANTENNA_POSTGRES_STATUS_H
#define ANTENNA_POSTGRES_STATUS_H

#include "postgres/client.h"

/** One partition of a job; its texts are the list's. */
struct partition_status {
    const char *job;
    const char *topic;
    const char *owner;
    int32_t partition;
    int64_t totals_offset, archive_offset;
    int64_t lag_messages, lag_seconds;
    int64_t epoch;
    int64_t commit_age;     /* seconds since the last commit */
    int64_t archived_until; /* 0: unknown, or for ever */
    int64_t read;           /* messages, of which */
    int64_t rejected;       /* so many were invalid */
};

struct partition_statuses {
    PGresult *result;
    size_t count;
};

/** Whose partitions are read: of a job, of a topic; NULL for all. */
struct partition_filter {
    const char *job, *topic;
};

/** Reads partitions. Free with partition_statuses_release(). */
int status_partitions(struct postgres *postgres, const struct partition_filter *filter,
                      struct partition_statuses *ret_partitions, struct error *error) must_check;

/** Number `index` of them. */
struct partition_status partition_status_at(const struct partition_statuses *partitions, size_t index);

/** Frees them. Fits cleanup(). */
void partition_statuses_release(struct partition_statuses *partitions);

/** The archive as a whole. */
struct archive_status {
    int64_t open_hours, new_hours, dirty_hours, held_hours, clean_hours, pruned_hours;
    int64_t files, rows, bytes;
    int64_t size;          /* of the files, in bytes */
    int64_t sealed_until;  /* 0: unknown, or for ever */
    int64_t database_size; /* in bytes */
};

/** One hour of the archive; its text is the list's. */
struct hour_status {
    int64_t hour;
    const char *state; /* held, open, new, dirty, clean or pruned: view antenna.hour_state */
    bool sealed, dirty;
    int64_t files, rows, bytes;
    int64_t changed_at;
    int64_t batch_at; /* 0: never */
};

struct hour_statuses {
    PGresult *result;
    size_t count;
};

/** Reads up to `most` hours: those that are not clean, the newest first, then the newest that are. Free the list with
 * hour_statuses_release(). */
int status_hours(struct postgres *postgres, size_t most, struct hour_statuses *ret_hours, struct error *error)
    must_check;

/** Number `index` of them. */
struct hour_status hour_status_at(const struct hour_statuses *hours, size_t index);

/** Frees them. Fits cleanup(). */
void hour_statuses_release(struct hour_statuses *hours);

/** Users who are not erased completely: `antenna forget` is under way, or was interrupted. */
struct forgetting_status {
    int64_t count;
    char *id; /* of the first; NULL: there is none */
    int64_t begun_at;
};

/** Reads them. Free `id`. */
int status_forgetting(struct postgres *postgres, struct forgetting_status *ret_forgetting, struct error *error)
    must_check;

/** Reads the archive as a whole. */
int status_archive(struct postgres *postgres, struct archive_status *ret_archive, struct error *error) must_check;

#endif
