/*
 * The progress of a job in each partition (table antenna.progress), and the fence that keeps a worker which lost a
 * partition from writing for it: each claim raises the partition's epoch, and every change names the epoch it is for
 * and the offset that it moves from. The epoch alone does not suffice: a table that was restored has the one of before,
 * too.
 */
#ifndef ANTENNA_POSTGRES_PROGRESS_H
#define ANTENNA_POSTGRES_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "postgres/pipeline.h"
#include "record/total_kind.h"

/** Whose progress it is. */
struct progress_key {
    const char *job;
    const char *topic;
};

/** Begins the parameters of a statement with job and topic. */
void progress_begin_parameters(struct parameters *parameters, const struct progress_key *key);

/** One partition, as the database knows it. */
struct progress {
    int32_t partition;
    int64_t totals_offset;  /* next to read for the totals */
    int64_t archive_offset; /* next to read for the archive */
    int64_t epoch;
};

/** Who claims partitions. */
struct progress_claimant {
    const char *owner;
    int64_t window;       /* in which it counts, in seconds */
    total_kind_set kinds; /* of totals that it counts */
    const char *rules;    /* by which it accepts messages: the options of job_rules() */
};

/** What a transaction adds to one partition. */
struct progress_step {
    int32_t partition;
    int64_t epoch;       /* of our claim */
    int64_t from_offset; /* where the totals, or the archive, must be */
    int64_t next_offset; /* to read */
    int64_t records;     /* totalled or archived */
    int64_t rejected;    /* only by progress_send_totals() */
    int64_t bytes;       /* sum of the records */
    int64_t until;       /* event time up to which nothing but late events is missing then, or 0: unknown */
    int64_t end_offset;  /* where Kafka's partition ends; only by progress_send_totals() */
};

/**
 * Readies a session that will claim: were it to stop within a transaction, the server would end it after some seconds,
 * so that its locks never keep others from its partitions for long.
 */
int progress_limit_idle_time(struct postgres *postgres, struct error *error) must_check;

/**
 * Writes down where the `count` partitions of a job begin: starts[n] is the first offset to read of partition n.
 * Changes nothing when the job has progress already.
 */
int progress_begin(struct postgres *postgres, const struct progress_key *key, const int64_t *starts, size_t count,
                   struct error *error) must_check;

/** What is left of a job in the database. */
struct progress_traces {
    bool has_progress;
    bool known;   /* to another table */
    bool counted; /* the totals of `bytes_table`, or the archive, may hold some of its messages */
};

/** Reads what is left of a job. */
int progress_find_traces(struct postgres *postgres, const struct progress_key *key, const char *bytes_table,
                         struct progress_traces *ret_traces, struct error *error) must_check;

/**
 * Claims `count` partitions, in ascending order, for the claimant. On entry `list` holds each partition and, as
 * totals_offset, its first message, where it begins when it is new to the job; on return all of it is filled. Fences
 * the owners before. A partition that had begun and whose progress was deleted is only claimed with `again`, from its
 * first message; without it, 1 is returned for such a one, and the others are claimed. Nothing is claimed when another
 * window or other metrics are stored than the claimant's, and then window_check() or metrics_check() fails.
 */
int progress_claim(struct postgres *postgres, const struct progress_key *key, const struct progress_claimant *claimant,
                   bool again, struct progress *list, size_t count, struct error *error) must_check;

/**
 * Checks that no message of these partitions which only one side has taken was accepted by other rules. Error:
 * ERROR_CONFIGURATION with the options of before.
 */
int progress_check_rules(struct postgres *postgres, const struct progress_key *key, const char *rules,
                         const struct progress *list, size_t count, struct error *error) must_check;

/** Checks the partitions' epochs and offsets in PostgreSQL against ours. Error: ERROR_FENCED when it has not. */
int progress_check_owned(struct postgres *postgres, const struct progress_key *key, const struct progress *list,
                         size_t count, struct error *error) must_check;

/**
 * Sends the statement that moves the totals on. The pipeline fails with ERROR_FENCED when a partition is no longer
 * ours, or not at the step's from_offset; or when its row was dropped: progress_explain_totals() finds out.
 */
int progress_send_totals(struct pipeline *pipeline, const struct progress_key *key, const struct progress_step *steps,
                         size_t count, struct error *error) must_check;

/**
 * Why the totals were not moved on, in the transaction that did not: a row that still is as its owner knows it was
 * dropped by a trigger, for ever; else the owner is fenced. Always returns -1.
 */
int progress_explain_totals(struct postgres *postgres, const struct progress_key *key,
                            const struct progress_step *steps, size_t count, struct error *error);

/** Moves the archive on, inside a transaction. Error: ERROR_FENCED, as for the totals. */
int progress_advance_archive(struct postgres *postgres, const struct progress_key *key,
                             const struct progress_step *steps, size_t count, struct error *error) must_check;

/**
 * Notes that partitions are read and written to their end, and that therefore nothing but late events is missing up
 * to `until`. Error: ERROR_FENCED when one is not as `list` has it.
 */
int progress_note_idle(struct postgres *postgres, const struct progress_key *key, const struct progress *list,
                       size_t count, int64_t until, struct error *error) must_check;

/**
 * Moves a partition from the offsets of `before` to those of `after`, because Kafka does not hold the messages between
 * them, and records the loss in antenna.loss. Error: ERROR_FENCED when it is not as `before` has it.
 */
int progress_skip_lost(struct postgres *postgres, const struct progress_key *key, const struct progress *before,
                       const struct progress *after, struct error *error) must_check;

/** Whether totals and archive have both reached the totals_offset of each entry. */
int progress_has_reached(struct postgres *postgres, const struct progress_key *key, const struct progress *ends,
                         size_t count, bool *ret_reached, struct error *error) must_check;

#endif
