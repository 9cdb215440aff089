#include "speed/checks.h"

#include "archive/staging.h"
#include "base/memory.h"
#include "config/jdbc.h"
#include "kafka/client.h"
#include "postgres/schema.h"

static int check_database(const struct config *config, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;

    if (jdbc_from_config(config, &address, error) || postgres_open(&address, &postgres, error))
        return -1;
    return schema_check(postgres, config, error);
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

/* Through a client that joins no group. */
static int open_client(const struct config *config, rd_kafka_t **ret_client, struct error *error)
{
    static const struct kafka_property properties[] = {{"isolation.level", "read_committed"}, {NULL, NULL}};
    rd_kafka_conf_t *conf;

    if (kafka_configure(config, properties, &conf, error))
        return -1;
    return kafka_open(RD_KAFKA_CONSUMER, conf, ret_client, error);
}

static int find_ends(struct job *job, rd_kafka_t *client, int32_t partitions, struct error *error)
{
    job->ends = memory_new((size_t)partitions, sizeof(*job->ends));
    for (int32_t i = 0; i < partitions; i++) {
        struct offset_range range;

        if (kafka_query_range(client, job->key.topic, i, &range, error))
            return -1;
        job->ends[job->end_count++] = (struct progress){.partition = i, .totals_offset = range.end};
    }
    return 0;
}

static int check_topic(struct job *job, rd_kafka_t *client, struct error *error)
{
    int32_t partitions;

    if (kafka_count_partitions(client, job->config, &partitions, error))
        return -1;
    if (partitions == 0) {
        error_set(error, ERROR_MISTAKE, "topic \"%s\" does not exist on %s", job->key.topic,
                  config_text(job->config, OPTION_KAFKA_SERVER));
        return error_hint(error, "check its name, or create it; antenna simulate creates it too");
    }
    return config_flag(job->config, OPTION_UNTIL_END) ? find_ends(job, client, partitions, error) : 0;
}

int check_before_start(struct job *job, struct error *error)
{
    rd_kafka_t *client;
    int status;

    if (check_database(job->config, error) || check_storage(job->storage_root, error) ||
        open_client(job->config, &client, error))
        return -1;
    status = check_topic(job, client, error);
    rd_kafka_destroy(client);
    return status;
}
