#include "speed/prepare.h"

#include <stdlib.h>

#include "archive/staging.h"
#include "base/memory.h"
#include "config/jdbc.h"
#include "kafka/client.h"
#include "postgres/schema.h"

/* The topic's partitions, from 0 on: what Kafka holds of each. */
struct extent {
    struct offset_range *ranges;
    size_t count;
};

static void release_extent(struct extent *extent)
{
    free(extent->ranges);
}

static int open_database(const struct config *config, struct postgres **ret_postgres, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};

    if (jdbc_from_config(config, &address, error) || postgres_open(&address, ret_postgres, error))
        return -1;
    return schema_check(*ret_postgres, config, error);
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

static int find_extent(const struct job *job, struct extent *extent, struct error *error)
{
    int32_t count;

    if (kafka_count_partitions(job->inquirer, job->config, &count, error))
        return -1;
    if (count == 0) {
        error_set(error, ERROR_MISTAKE, "topic \"%s\" does not exist on %s", job->key.topic,
                  config_text(job->config, OPTION_KAFKA_SERVER));
        return error_hint(error, "check its name, or create it; antenna simulate creates it too");
    }
    extent->ranges = memory_new((size_t)count, sizeof(*extent->ranges));
    for (; extent->count < (size_t)count; extent->count++)
        if (kafka_query_range(job->inquirer, job->key.topic, (int32_t)extent->count, KAFKA_ANSWER_TIMEOUT_MS,
                              &extent->ranges[extent->count], error))
            return -1;
    return 0;
}

static int find_start(const struct job *job, int32_t partition, const struct offset_range *range, int64_t *ret_offset,
                      struct error *error)
{
    *ret_offset = job->start == START_LATEST ? range->end : range->first;
    if (job->start != START_TIME)
        return 0;
    if (kafka_query_offset_at(job->inquirer, job->key.topic, partition, job->start_time, ret_offset, error))
        return -1;
    if (*ret_offset < 0)
        *ret_offset = range->end;
    return 0;
}

static int note_starts(const struct job *job, struct postgres *postgres, const struct extent *extent,
                       struct error *error)
{
    int64_t *starts = memory_new(extent->count, sizeof(*starts));
    int status = 0;

    for (size_t i = 0; i < extent->count && !status; i++)
        status = find_start(job, (int32_t)i, &extent->ranges[i], &starts[i], error);
    if (!status)
        status = progress_begin(postgres, &job->key, starts, extent->count, error);
    free(starts);
    return status;
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

    if (open_database(job->config, &postgres, error) || check_storage(job->storage_root, error) ||
        kafka_open_inquirer(job->config, &job->inquirer, error))
        return -1;
    return prepare_topic(job, postgres, error);
}
