#include "kafka/topic_settings.h"

#include <stdlib.h>
#include <string.h>

#include "kafka/admin.h"

#define WHAT "could not ask Kafka for the topic's settings"

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

static int read_answer(rd_kafka_event_t *event, struct topic_settings *ret_settings, struct error *error)
{
    struct topic_settings settings = {.retention_ms = -1, .retention_bytes = -1};
    const rd_kafka_ConfigResource_t **resources;
    const rd_kafka_ConfigEntry_t **entries;
    rd_kafka_resp_err_t code;
    size_t count;

    resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
    code = count == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (code)
        return kafka_error(error, code, WHAT);
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

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, KAFKA_ANSWER_TIMEOUT_MS, WHAT, error))
        return -1;
    rd_kafka_DescribeConfigs(client, &resource, 1, request.options, request.queue);
    return admin_wait(&request, WHAT, error) ? -1 : read_answer(request.event, ret_settings, error);
}
