#include "kafka/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define REASON_SIZE 512

/* Librdkafka's syslog level of an error; what is less grave is its own chatter about reconnecting. */
#define SYSLOG_ERROR 3

static void log_kafka(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    log_line(level < SYSLOG_ERROR ? LOG_WARNING : LOG_DEBUG, "kafka: %s: %s", facility, text);
}

static int set_property(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char reason[REASON_SIZE];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
        return error_set(error, ERROR_USAGE, "invalid Kafka property: %s", reason);
    return 0;
}

static int set_operator_property(rd_kafka_conf_t *conf, const char *text, struct error *error)
{
    const char *equals = strchr(text, '=');
    cleanup(memory_free) char *name = NULL;

    if (!equals)
        return error_set(error, ERROR_USAGE, "invalid value for kafka-property: \"%s\" is not NAME=VALUE", text);
    name = memory_text(text, (size_t)(equals - text));
    return set_property(conf, name, equals + 1, error);
}

int kafka_configure(const struct config *config, const struct kafka_property *own, rd_kafka_conf_t **ret_conf,
                    struct error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int status = 0;

    for (; own->name && !status; own++)
        status = set_property(conf, own->name, own->value, error);
    if (!status)
        status = set_property(conf, "bootstrap.servers", config_text(config, OPTION_KAFKA_SERVER), error);
    for (size_t i = 0; i < config_list_size(config, OPTION_KAFKA_PROPERTY) && !status; i++)
        status = set_operator_property(conf, config_list_entry(config, OPTION_KAFKA_PROPERTY, i), error);
    if (status) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_conf_set_log_cb(conf, log_kafka);
    *ret_conf = conf;
    return 0;
}

int kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client, struct error *error)
{
    char reason[REASON_SIZE];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));

    if (!client) {
        rd_kafka_conf_destroy(conf);
        return error_set(error, ERROR_USAGE, "could not make a Kafka client: %s", reason);
    }
    *ret_client = client;
    return 0;
}

int kafka_error(struct error *error, rd_kafka_resp_err_t code, const char *what)
{
    enum error_kind kind = ERROR_WORLD;

    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR__SSL)
        kind = ERROR_MISTAKE;
    return error_set(error, kind, "%s: %s", what, rd_kafka_err2str(code));
}

int kafka_open_inquirer(const struct config *config, rd_kafka_t **ret_client, struct error *error)
{
    static const struct kafka_property properties[] = {{"isolation.level", "read_committed"}, {NULL, NULL}};
    rd_kafka_conf_t *conf;

    if (kafka_configure(config, properties, &conf, error))
        return -1;
    return kafka_open(RD_KAFKA_CONSUMER, conf, ret_client, error);
}

int kafka_count_partitions(rd_kafka_t *client, const struct config *config, int32_t *ret_count, struct error *error)
{
    const char *name = config_text(config, OPTION_TOPIC);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, topic, &metadata, KAFKA_ANSWER_TIMEOUT_MS);
    rd_kafka_resp_err_t topic_code;

    rd_kafka_topic_destroy(topic);
    if (code) {
        kafka_error(error, code, "could not ask Kafka for the topic");
        error_context(error, "broker %s", config_text(config, OPTION_KAFKA_SERVER));
        return error_hint(error, "check that the broker runs there and that its advertised listeners can be reached "
                                 "from here");
    }
    topic_code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    *ret_count = topic_code ? 0 : metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (topic_code && topic_code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
        topic_code != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        kafka_error(error, topic_code, "could not ask Kafka for the topic");
        return error_context(error, "topic \"%s\"", name);
    }
    return 0;
}

int kafka_query_range(rd_kafka_t *client, const char *topic, int32_t partition, struct offset_range *ret_range,
                      struct error *error)
{
    rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(client, topic, partition, &ret_range->first,
                                                                &ret_range->end, KAFKA_ANSWER_TIMEOUT_MS);

    return code ? kafka_error(error, code, "could not ask Kafka which offsets it holds") : 0;
}

int kafka_query_offset_at(rd_kafka_t *client, const char *topic, int32_t partition, int64_t time, int64_t *ret_offset,
                          struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *place = rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t code;

    place->offset = time * 1000;
    code = rd_kafka_offsets_for_times(client, list, KAFKA_ANSWER_TIMEOUT_MS);
    if (!code)
        code = place->err;
    if (!code)
        *ret_offset = place->offset >= 0 ? place->offset : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return code ? kafka_error(error, code, "could not ask Kafka for the offset of a time") : 0;
}
