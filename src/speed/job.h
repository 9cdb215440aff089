/*
 * The settings that all workers of a speed process share: names, limits and intervals. job_init() and prepare_job()
 * fill them before any worker starts; from then on they are read-only, and need no lock.
 */
#ifndef ANTENNA_SPEED_JOB_H
#define ANTENNA_SPEED_JOB_H

#include <stdbool.h>

#include "archive/rows.h"
#include "config/config.h"
#include "kafka/client.h"
#include "postgres/data_set.h"

/** Where the partitions of a new job start (--start). */
enum start_kind { START_EARLIEST, START_LATEST, START_TIME };

struct job {
    const struct config *config;
    struct progress_key key;
    const char *bytes_table;
    const char *storage_root;
    char *archive_path;                /* the folder that holds year=… */
    char archive_id[DATA_SET_ID_SIZE]; /* set by prepare_job(); empty without archive */
    int64_t window;                    /* of the totals in seconds; set by prepare_job() */
    total_kind_set kinds;              /* of totals; set by prepare_job() */
    struct record_limits record_limits;
    char *rules; /* record_limits as options, as antenna.progress has them */
    struct rows_limits rows_limits;
    size_t pending_memory; /* bytes that each worker's pending messages may take, from --memory-limit; 0: no limit */
    int64_t commit_interval_ms;
    int64_t catch_up_interval_ms;
    int64_t roll_age_ms;
    int64_t leave_after_ms; /* of an outage of PostgreSQL or the disk */
    enum start_kind start;
    int64_t start_time; /* of START_TIME, seconds since the Unix epoch */
    bool accept_loss;
    bool archive;                /* else the totals are all that is kept, and the archive's offsets only follow */
    rd_kafka_t *metadata_client; /* for questions to Kafka by any thread; set by prepare_job() */
    struct progress *ends; /* --until-end: the offset that each partition must reach, as totals_offset; else NULL */
    size_t end_count;
};

/** Reads the configuration, which must outlive the job. Release with job_release(). Errors: ERROR_USAGE for --start and
 * --memory-limit. */
int job_init(struct job *job, const struct config *config, struct error *error) must_check;

/** Frees what it holds. Fits cleanup(). */
void job_release(struct job *job);

/** The end that --until-end sets for a partition, or -1. */
int64_t job_end(const struct job *job, int32_t partition);

#endif
