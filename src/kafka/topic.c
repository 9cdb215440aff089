#include "kafka/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/admin.h"
#include "kafka/offsets.h"

#define ASK_ID "could not ask Kafka for the topic's id"
#define ASK_SETTINGS "could not ask Kafka for the topic's settings"
#define CREATE "could not create the topic"

/* Lets the broker choose (KIP-464). */
#define DEFAULT_REPLICATION (-1)

static void free_topics(rd_kafka_TopicCollection_t **topics)
{
    rd_kafka_TopicCollection_destroy(*topics);
}

static int read_id(rd_kafka_event_t *event, char ret_id[TOPIC_ID_SIZE], struct error *error)
{
    const rd_kafka_TopicDescription_t **descriptions;
    const rd_kafka_error_t *failure;
    const rd_kafka_Uuid_t *id;
    bool is_zero;
    size_t count;

    descriptions = rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
    failure = count == 1 ? rd_kafka_TopicDescription_error(descriptions[0]) : NULL;
    if (count != 1 || failure)
        return kafka_error(error, failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_UNKNOWN, ASK_ID);
    id = rd_kafka_TopicDescription_topic_id(descriptions[0]);
    is_zero = !rd_kafka_Uuid_most_significant_bits(id) && !rd_kafka_Uuid_least_significant_bits(id);
    snprintf(ret_id, TOPIC_ID_SIZE, "%s", is_zero ? "" : rd_kafka_Uuid_base64str(id));
    return 0;
}

int topic_id_query(rd_kafka_t *client, const char *topic, int timeout_ms, char ret_id[TOPIC_ID_SIZE],
                   struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    cleanup(free_topics) rd_kafka_TopicCollection_t *topics =
        rd_kafka_TopicCollection_of_topic_names(&(const char *){topic}, 1);

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout_ms, ASK_ID, error))
        return -1;
    rd_kafka_DescribeTopics(client, topics, request.options, request.queue);
    return admin_wait(&request, ASK_ID, error) ? -1 : read_id(request.event, ret_id, error);
}

static void free_resource(rd_kafka_ConfigResource_t **resource)
{
    rd_kafka_ConfigResource_destroy(*resource);
}

static void take_setting(struct topic_settings *settings, const char *name, const char *value)
{
    if (strcmp(name, "cleanup.policy") == 0) {
        settings->compacted = strstr(value, "compact") != NULL;
        settings->deleted = strstr(value, "delete") != NULL;
    } else if (strcmp(name, "retention.ms") == 0)
        settings->retention_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "retention.bytes") == 0)
        settings->retention_bytes = strtoll(value, NULL, 10);
    else if (strcmp(name, "message.timestamp.type") == 0)
        settings->stamped_by_broker = strcmp(value, "LogAppendTime") == 0;
}

static int read_settings(rd_kafka_event_t *event, struct topic_settings *ret_settings, struct error *error)
{
    struct topic_settings settings = {.retention_ms = -1, .retention_bytes = -1};
    const rd_kafka_ConfigResource_t **resources;
    const rd_kafka_ConfigEntry_t **entries;
    rd_kafka_resp_err_t code;
    size_t count;

    resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
    code = count == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (code)
        return kafka_error(error, code, ASK_SETTINGS);
    entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_ConfigEntry_value(entries[i]))
            take_setting(&settings, rd_kafka_ConfigEntry_name(entries[i]), rd_kafka_ConfigEntry_value(entries[i]));
    *ret_settings = settings;
    return 0;
}

int topic_settings_query(rd_kafka_t *client, const char *topic, struct topic_settings *ret_settings,
                         struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    cleanup(free_resource) rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, KAFKA_ANSWER_TIMEOUT_MS, ASK_SETTINGS, error))
        return -1;
    rd_kafka_DescribeConfigs(client, &resource, 1, request.options, request.queue);
    return admin_wait(&request, ASK_SETTINGS, error) ? -1 : read_settings(request.event, ret_settings, error);
}

static void free_topic(rd_kafka_NewTopic_t **topic)
{
    if (*topic)
        rd_kafka_NewTopic_destroy(*topic);
}

/* A topic that another process has created meanwhile will do. */
static int check_creation(rd_kafka_event_t *event, struct error *error)
{
    const rd_kafka_topic_result_t **topics;
    rd_kafka_resp_err_t code;
    size_t count;

    topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    code = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return error_set(error, ANT_TOPIC_REFUSED, CREATE ": %s",
                     count == 1 && rd_kafka_topic_result_error_string(topics[0])
                         ? rd_kafka_topic_result_error_string(topics[0])
                         : rd_kafka_err2str(code));
}

static int create_topic(rd_kafka_t *client, const struct config *config, struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    cleanup(free_topic) rd_kafka_NewTopic_t *topic = NULL;
    char reason[KAFKA_REASON_SIZE];

    topic = rd_kafka_NewTopic_new(config_text(config, OPTION_TOPIC), (int)config_number(config, OPTION_PARTITIONS),
                                  DEFAULT_REPLICATION, reason, sizeof(reason));
    if (!topic)
        return error_set(error, ANT_VALUE_INVALID, CREATE ": %s", reason);
    /* By Kafka's default each producer stamps its messages, by a clock that may be wrong; arrivals would be unknown. */
    rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_CREATETOPICS, KAFKA_ANSWER_TIMEOUT_MS, CREATE, error))
        return -1;
    rd_kafka_CreateTopics(client, &topic, 1, request.options, request.queue);
    return admin_wait(&request, CREATE, error) ? -1 : check_creation(request.event, error);
}

/* Waits until the brokers have heard of the new topic. */
static int await_topic(rd_kafka_t *client, const struct config *config, int32_t *ret_partitions, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS;
    int32_t count = 0;

    for (;;) {
        if (kafka_count_partitions(client, config, &count, error))
            return -1;
        if (count)
            break;
        if (!kafka_may_ask_again(deadline))
            return kafka_error(error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "could not see the created topic");
    }
    *ret_partitions = count;
    return 0;
}

/*
 * Waits until each partition answers. The topic is visible before all leaders know it. If messages are sent in between,
 * a leader may accept a later one before the first: the repetition of the first then looks like a duplicate to it, is
 * acknowledged, and never stored.
 */
static int await_partitions(rd_kafka_t *client, const struct config *config, int32_t count, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS;
    cleanup(memory_free) int32_t *partitions = memory_new((size_t)count, sizeof(*partitions));
    cleanup(memory_free) struct offset_range *ranges = memory_new((size_t)count, sizeof(*ranges));

    for (int32_t i = 0; i < count; i++)
        partitions[i] = i;
    /* A broker that does not know the topic yet answers with an error, so any error is tried again. */
    while (offsets_query_ranges(client, config_text(config, OPTION_TOPIC), partitions, (size_t)count,
                                KAFKA_ANSWER_TIMEOUT_MS, ranges, error))
        if (!kafka_may_ask_again(deadline))
            return -1;
    return 0;
}

static int ensure(rd_kafka_t *client, const struct config *config, int32_t *ret_partitions, struct error *error)
{
    int32_t count;

    if (kafka_count_partitions(client, config, &count, error))
        return -1;
    if (count) {
        *ret_partitions = count;
        return 0;
    }
    if (create_topic(client, config, error) || await_topic(client, config, ret_partitions, error) ||
        await_partitions(client, config, *ret_partitions, error))
        return error_context(error, "topic \"%s\"", config_text(config, OPTION_TOPIC));
    return 1;
}

int topic_ensure(const struct config *config, int32_t *ret_partitions, struct error *error)
{
    rd_kafka_t *metadata_client;
    int status;

    if (kafka_open_metadata_client(config, &metadata_client, error))
        return -1;
    status = ensure(metadata_client, config, ret_partitions, error);
    rd_kafka_destroy(metadata_client);
    return status;
}
