#include "kafka/client.h"

#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"

#define REASON_SIZE 512

/* Librdkafka's syslog level of an error; what is less grave is its own chatter about reconnecting. */
#define SYSLOG_ERROR 3

/* The first attempt to reach a broker ends after this time; each of the next takes twice as long. */
#define FIRST_ATTEMPT_MS 250

/* Why OpenSSL did not accept the last certificate that any client was shown: librdkafka's errors do not say. */
static atomic_int certificate_error = X509_V_OK;

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
        return error_set(error, ERROR_USAGE, "invalid value for kafka-property: it is not NAME=VALUE");
    name = memory_text(text, (size_t)(equals - text));
    return set_property(conf, name, equals + 1, error);
}

/* Called by librdkafka for each certificate of a broker's chain, after OpenSSL has judged it; that judgement stands. */
static int on_certificate(rd_kafka_t *client, const char *broker, int32_t broker_id, int *x509_error, int depth,
                          const char *data, size_t size, char *reason, size_t reason_size, void *context)
{
    (void)client;
    (void)broker;
    (void)broker_id;
    (void)depth;
    (void)data;
    (void)size;
    (void)context;
    if (*x509_error == X509_V_OK)
        return 1;
    atomic_store(&certificate_error, *x509_error);
    snprintf(reason, reason_size, "%s", X509_verify_cert_error_string(*x509_error));
    return 0;
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
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    *ret_conf = conf;
    return 0;
}

int kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client, struct error *error)
{
    char reason[REASON_SIZE];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));

    if (!client) {
        rd_kafka_conf_destroy(conf);
        error_set(error, ERROR_MISTAKE, "could not make a Kafka client: %s", reason);
        return error_hint(error, "check the Kafka properties, and that the files which they name can be read");
    }
    *ret_client = client;
    return 0;
}

bool kafka_is_refusal(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

int kafka_refusal(struct error *error, rd_kafka_resp_err_t code, const char *reason)
{
    int why = atomic_load(&certificate_error);

    if (code != RD_KAFKA_RESP_ERR__SSL) {
        error_set(error, ERROR_MISTAKE, "%s", reason);
        return error_hint(error, "check the properties sasl.username, sasl.password and sasl.mechanism");
    }
    if (why == X509_V_OK) {
        error_set(error, ERROR_MISTAKE, "%s", reason);
        return error_hint(error, "check the properties security.protocol and ssl.*");
    }
    error_set(error, ERROR_MISTAKE, "the broker's certificate is not accepted: %s", X509_verify_cert_error_string(why));
    return error_hint(error,
                      "check the property ssl.ca.location, and that the certificate is valid today and names the "
                      "host as kafka-server does");
}

int kafka_error(struct error *error, rd_kafka_resp_err_t code, const char *what)
{
    enum error_kind kind = ERROR_WORLD;

    if (kafka_is_refusal(code) || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        kind = ERROR_MISTAKE;
    return error_set(error, kind, "%s: %s", what, rd_kafka_err2str(code));
}

int kafka_open_inquirer(const struct config *config, rd_kafka_t **ret_client, struct error *error)
{
    static const struct kafka_property properties[] = {{"isolation.level", "read_committed"}, {NULL, NULL}};
    rd_kafka_conf_t *conf;

    if (kafka_configure(config, properties, &conf, error))
        return -1;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    return kafka_open(RD_KAFKA_CONSUMER, conf, ret_client, error);
}

/* What an inquirer was told while it tried to reach a broker. */
struct trouble {
    rd_kafka_resp_err_t refusal; /* the first one, or 0 */
    char reason[REASON_SIZE];    /* of the refusal, else of the last failure */
    bool all_brokers_down;
};

static void cut_before(char *text, const char *words)
{
    char *found = strstr(text, words);

    if (found)
        *found = '\0';
}

/* To a question librdkafka answers only that no broker was reached; why, its events say. */
static void listen_for_trouble(rd_kafka_t *client, struct trouble *trouble)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(client);
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(queue, 0))) {
        rd_kafka_resp_err_t code = rd_kafka_event_error(event);

        if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
            trouble->all_brokers_down = true;
        else if (code && !trouble->refusal) {
            trouble->refusal = kafka_is_refusal(code) ? code : RD_KAFKA_RESP_ERR_NO_ERROR;
            snprintf(trouble->reason, sizeof(trouble->reason), "%s", rd_kafka_event_error_string(event));
            cut_before(trouble->reason, " (after "); /* so many milliseconds in a state of librdkafka's */
        }
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
}

/* Ends before its time when no broker is left that has not failed, and one has refused us: that does not mend itself.
 */
static rd_kafka_resp_err_t ask_for_topic(rd_kafka_t *client, const char *name,
                                         const struct rd_kafka_metadata **ret_metadata, struct trouble *trouble)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    rd_kafka_resp_err_t code;
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS, left = KAFKA_ANSWER_TIMEOUT_MS;

    for (int attempt_ms = FIRST_ATTEMPT_MS;; attempt_ms *= 2) {
        code = rd_kafka_metadata(client, 0, topic, ret_metadata, attempt_ms < left ? attempt_ms : (int)left);
        listen_for_trouble(client, trouble);
        left = deadline - time_monotonic_ms();
        if (!code || left <= 0 || (trouble->refusal && trouble->all_brokers_down))
            break;
    }
    rd_kafka_topic_destroy(topic);
    return code;
}

static int fail_to_ask(const struct config *config, rd_kafka_resp_err_t code, const struct trouble *trouble,
                       struct error *error)
{
    if (trouble->refusal)
        kafka_refusal(error, trouble->refusal, trouble->reason);
    else {
        kafka_error(error, code, "could not ask Kafka for the topic");
        if (*trouble->reason)
            error_set(error, error->kind, "could not ask Kafka for the topic: %s", trouble->reason);
        error_hint(error, "check that the broker runs there, that its advertised listeners can be reached from here, "
                          "and the property security.protocol");
    }
    return error_context(error, "broker %s", config_text(config, OPTION_KAFKA_SERVER));
}

int kafka_query_topic(rd_kafka_t *inquirer, const struct config *config, const struct rd_kafka_metadata **ret_metadata,
                      struct error *error)
{
    struct trouble trouble = {0};
    rd_kafka_resp_err_t code = ask_for_topic(inquirer, config_text(config, OPTION_TOPIC), ret_metadata, &trouble);

    return code ? fail_to_ask(config, code, &trouble, error) : 0;
}

int kafka_check_topic(const struct rd_kafka_metadata *metadata, const char *name, int32_t *ret_count,
                      struct error *error)
{
    rd_kafka_resp_err_t code =
        metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;

    *ret_count = code ? 0 : metadata->topics[0].partition_cnt;
    if (!code || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return 0;
    kafka_error(error, code, "could not ask Kafka for the topic");
    return error_context(error, "topic \"%s\"", name);
}

int kafka_count_partitions(rd_kafka_t *inquirer, const struct config *config, int32_t *ret_count, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    int status;

    if (kafka_query_topic(inquirer, config, &metadata, error))
        return -1;
    status = kafka_check_topic(metadata, config_text(config, OPTION_TOPIC), ret_count, error);
    rd_kafka_metadata_destroy(metadata);
    return status;
}

/* Right after a topic was made, or while leaders move, who leads a partition is not known everywhere, and a leader that
 * is new does not know the end at once (KIP-207). */
static bool awaits_leader(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE;
}

int kafka_query_range(rd_kafka_t *client, const char *topic, int32_t partition, int timeout_ms,
                      struct offset_range *ret_range, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + timeout_ms;
    rd_kafka_resp_err_t code;

    while (awaits_leader(code = rd_kafka_query_watermark_offsets(client, topic, partition, &ret_range->first,
                                                                 &ret_range->end, timeout_ms)) &&
           time_monotonic_ms() < deadline && !stop_requested())
        time_sleep_ms(KAFKA_ASK_AGAIN_MS);
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
