#include "speed/prepare.h"

#include <stdlib.h>

#include "archive/identity.h"
#include "archive/staging.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka/offsets.h"
#include "kafka/sample.h"
#include "postgres/metrics.h"
#include "postgres/schema.h"
#include "postgres/window.h"
#include "speed/probe.h"

/* The sample before a start by time reads at most this many partitions, as each takes a request. */
#define STAMPS_PARTITIONS_MAX 50

/* The topic's partitions, from 0 on: what Kafka holds of each. */
struct extent {
    struct offset_range *ranges;
    size_t count;
};

static void release_extent(struct extent *extent)
{
    free(extent->ranges);
}

static int open_database(struct job *job, struct postgres **ret_postgres, struct error *error)
{
    if (login(job->config, ret_postgres, error) || schema_check(*ret_postgres, job->config, error))
        return -1;
    return window_read(*ret_postgres, &job->window, error) || metrics_read(*ret_postgres, &job->kinds, error) ? -1 : 0;
}

static int check_storage(const char *root, struct error *error)
{
    struct staging *staging;
    int status;

    if (staging_open(root, &staging, error))
        return -1;
    status = staging_check_space(staging, error);
    staging_close(staging);
    return status;
}

/* Runs before anything is written below the root: if the archive is not mounted, files would end up in the mount
 * point's folder. The lock lets one process at a time give a new archive its identity. */
static int check_archive(struct job *job, struct postgres *postgres, struct error *error)
{
    bool adopt = config_flag(job->config, OPTION_ADOPT_ARCHIVE);

    if (!job->archive)
        return 0;
    if (data_set_lock(postgres, error) ||
        identity_check(postgres, job->archive_path, adopt ? IDENTITY_ADOPT : IDENTITY_OWN, job->archive_id, error))
        return -1;
    return data_set_unlock(postgres, error);
}

static int find_extent(const struct job *job, struct extent *extent, struct error *error)
{
    cleanup(memory_free) int32_t *partitions = NULL;
    int32_t count;

    if (kafka_count_partitions(job->metadata_client, job->config, &count, error))
        return -1;
    if (count == 0) {
        error_set(error, ANT_TOPIC_MISSING, "topic \"%s\" does not exist on %s", job->key.topic,
                  config_text(job->config, OPTION_KAFKA_SERVER));
        return error_hint(error, "check its name, or create it; antenna simulate creates it too");
    }
    partitions = memory_new((size_t)count, sizeof(*partitions));
    for (int32_t i = 0; i < count; i++)
        partitions[i] = i;
    extent->count = (size_t)count;
    extent->ranges = memory_new(extent->count, sizeof(*extent->ranges));
    return offsets_query_ranges(job->metadata_client, job->key.topic, partitions, extent->count,
                                KAFKA_ANSWER_TIMEOUT_MS, extent->ranges, error);
}

/* The last messages of the topic. */
struct stamps {
    int64_t messages;
    int64_t unknown;      /* whose timestamp cannot be their arrival, and the first of them: */
    struct message first; /* without its data */
};

static void take_stamp(void *context, const struct message *message)
{
    struct stamps *stamps = context;

    stamps->messages++;
    if (message->arrival < 0 && stamps->unknown++ == 0)
        stamps->first = *message;
}

/* Kafka finds the offset of a time by the messages' timestamps. If these are not arrivals, the offset that it returns
 * is arbitrary, and messages would be left out without a word. So a sample is checked, and the start refused. */
static int check_stamps(const struct job *job, const struct extent *extent, struct error *error)
{
    int32_t partitions = extent->count < STAMPS_PARTITIONS_MAX ? (int32_t)extent->count : STAMPS_PARTITIONS_MAX;
    struct stamps stamps = {0};

    if (sample_read(job->config, partitions, take_stamp, &stamps, error))
        return -1;
    if (stamps.unknown == 0)
        return 0;
    error_set(
        error, ANT_START_UNKNOWN,
        "could not find where --start begins: of the last %lld messages %lld have a Kafka timestamp that cannot be "
        "their arrival, such as partition %d, offset %lld: %lld",
        (long long)stamps.messages, (long long)stamps.unknown, (int)stamps.first.partition,
        (long long)stamps.first.offset, (long long)stamps.first.stamp_ms);
    return error_hint(error, "give --start earliest or latest; antenna doctor explains the timestamps");
}

/* The sample is checked for the first start only: later starts continue from the stored offsets. */
static int find_time(const struct job *job, struct postgres *postgres, const struct extent *extent, int64_t *ret_starts,
                     struct error *error)
{
    struct progress_traces traces;

    if (progress_find_traces(postgres, &job->key, job->bytes_table, &traces, error) ||
        (!traces.has_progress && check_stamps(job, extent, error)))
        return -1;
    return offsets_query_at(job->metadata_client, job->key.topic, job->start_time, extent->count,
                            KAFKA_ANSWER_TIMEOUT_MS, ret_starts, error);
}

static int find_starts(const struct job *job, struct postgres *postgres, const struct extent *extent,
                       int64_t *ret_starts, struct error *error)
{
    if (job->start == START_TIME && find_time(job, postgres, extent, ret_starts, error))
        return -1;
    /* Kafka returns -1 for a partition whose messages are all older than the time: it starts with the next one. */
    for (size_t i = 0; i < extent->count; i++)
        if (job->start == START_EARLIEST)
            ret_starts[i] = extent->ranges[i].first;
        else if (job->start == START_LATEST || ret_starts[i] < 0)
            ret_starts[i] = extent->ranges[i].end;
    return 0;
}

int check_restart(struct postgres *postgres, const struct job *job, bool first, struct error *error)
{
    const struct progress_key *key = &job->key;
    struct progress_traces traces;

    if (progress_find_traces(postgres, key, job->bytes_table, &traces, error))
        return -1;
    if (first && traces.has_progress)
        return 0;
    if (traces.counted) {
        error_set(error, ANT_PROGRESS_DELETED,
                  "the progress of job \"%s\" in topic \"%s\" was deleted: to begin again would count "
                  "its messages twice",
                  key->job, key->topic);
        return error_hint(error, "restore antenna.progress from a backup; to count everything again, see Start over in "
                                 "the recipes");
    }
    if (traces.known)
        log_line(LEVEL_WARNING,
                 "the progress of job \"%s\" in topic \"%s\" was deleted: nothing was counted, and it begins "
                 "again",
                 key->job, key->topic);
    return 0;
}

/* One process at a time: if two jobs that exclude each other start at once, the second is refused. Kafka may be slow to
 * answer, so it is asked before the lock is taken. progress_begin() stores all starts by one statement: a crash leaves
 * all of them or none. */
static int join_data_set(const struct job *job, struct postgres *postgres, const int64_t *starts, size_t count,
                         struct error *error)
{
    char topic_id[TOPIC_ID_SIZE];

    if (topic_id_query(job->metadata_client, job->key.topic, KAFKA_ANSWER_TIMEOUT_MS, topic_id, error) ||
        data_set_lock(postgres, error) || topic_join(postgres, job, topic_id, starts, count, error) ||
        check_restart(postgres, job, true, error) || progress_begin(postgres, &job->key, starts, count, error))
        return -1;
    return data_set_unlock(postgres, error);
}

static int note_starts(const struct job *job, struct postgres *postgres, const struct extent *extent,
                       struct error *error)
{
    cleanup(memory_free) int64_t *starts = memory_new(extent->count, sizeof(*starts));

    return find_starts(job, postgres, extent, starts, error) ||
                   join_data_set(job, postgres, starts, extent->count, error)
               ? -1
               : 0;
}

static void set_ends(struct job *job, const struct extent *extent)
{
    job->ends = memory_new(extent->count, sizeof(*job->ends));
    for (; job->end_count < extent->count; job->end_count++)
        job->ends[job->end_count] = (struct progress){
            .partition = (int32_t)job->end_count,
            .totals_offset = extent->ranges[job->end_count].end,
        };
}

static int prepare_topic(struct job *job, struct postgres *postgres, struct error *error)
{
    cleanup(release_extent) struct extent extent = {0};

    if (find_extent(job, &extent, error) || note_starts(job, postgres, &extent, error))
        return -1;
    if (config_flag(job->config, OPTION_UNTIL_END))
        set_ends(job, &extent);
    return 0;
}

int prepare_job(struct job *job, struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;

    if (open_database(job, &postgres, error) || check_archive(job, postgres, error) ||
        check_storage(job->storage_root, error) ||
        kafka_open_metadata_client(job->config, &job->metadata_client, error))
        return -1;
    return prepare_topic(job, postgres, error);
}
