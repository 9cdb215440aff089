#include "kafka/client.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "kafka/certificate.h"
#include "kafka/sasl.h"

/* The pause of kafka_may_ask_again(): short beside the seconds that a person waits for, and few requests a second. */
#define ASK_AGAIN_MS 50

/* The time of the first attempt to reach a broker; it doubles with each attempt. Short ones at first, because
 * librdkafka reports the reason of a refusal only between them (read_error_events()). */
#define FIRST_ATTEMPT_MS 250

const struct kafka_property kafka_no_properties[] = {{NULL, NULL}};

/* Messages below the level of an error are about reconnecting, which librdkafka does by itself: only for --log-level
 * debug. Called by librdkafka's threads. */
static void log_kafka(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    sasl_note_log(text);
    log_line(level < LOG_ERR ? LEVEL_WARNING : LEVEL_DEBUG, "kafka: %s: %s", facility, text);
}

int kafka_configure(const struct config *config, const struct kafka_property *own, rd_kafka_conf_t **ret_conf,
                    struct error *error)
{
    rd_kafka_conf_t *conf;

    if (property_configure(config, own, &conf, error))
        return -1;
    rd_kafka_conf_set_log_cb(conf, log_kafka);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, certificate_checked);
    *ret_conf = conf;
    return 0;
}

int kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client, struct error *error)
{
    char reason[KAFKA_REASON_SIZE];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));

    if (!client) {
        rd_kafka_conf_destroy(conf);
        error_set(error, ANT_KAFKA_CLIENT, "could not make a Kafka client: %s", reason);
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

int kafka_refusal(struct error *error, rd_kafka_t *client, rd_kafka_resp_err_t code, const char *reason)
{
    const char *rejection = certificate_reason(reason);

    if (code != RD_KAFKA_RESP_ERR__SSL)
        return sasl_refusal(rd_kafka_conf(client), reason, error);
    if (!rejection) {
        error_set(error, ANT_KAFKA_CERTIFICATE, "%s", reason);
        return error_hint(error, "check the properties security.protocol and ssl.*");
    }
    error_set(error, ANT_KAFKA_CERTIFICATE, "the broker's certificate is not accepted: %s", rejection);
    return error_hint(error,
                      "check the property ssl.ca.location, and that the certificate is valid today and names the "
                      "host as kafka-server does");
}

int kafka_error(struct error *error, rd_kafka_resp_err_t code, const char *what)
{
    enum error_code answer = ANT_KAFKA_UNAVAILABLE;

    if (kafka_is_refusal(code) || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        answer = ANT_KAFKA_REFUSED;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
        error_set(error, ANT_TOPIC_MISSING, "%s: Kafka allows no topic of this name", what);
        return error_hint(error, "topics are named with letters, digits, dots, _ and -, at most 249");
    }
    if (code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT) {
        error_set(error, ANT_GROUP_REFUSED, "%s: %s", what, rd_kafka_err2str(code));
        return error_hint(error, "correct session.timeout.ms: the broker allows values from "
                                 "group.min.session.timeout.ms to group.max.session.timeout.ms");
    }
    return error_set(error, answer, "%s: %s", what, rd_kafka_err2str(code));
}

int kafka_open_metadata_client(const struct config *config, rd_kafka_t **ret_client, struct error *error)
{
    rd_kafka_conf_t *conf;

    if (kafka_configure(config, kafka_no_properties, &conf, error))
        return -1;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    return kafka_open(RD_KAFKA_CONSUMER, conf, ret_client, error);
}

bool kafka_may_ask_again(int64_t deadline_ms)
{
    if (time_monotonic_ms() >= deadline_ms || stop_requested())
        return false;
    time_sleep_ms(ASK_AGAIN_MS);
    return true;
}

/* What a metadata client has learned while it tried to reach a broker. */
struct trouble {
    rd_kafka_resp_err_t refusal;    /* the first one, or 0 */
    char reason[KAFKA_REASON_SIZE]; /* of the refusal, else of the last failure */
    bool all_brokers_down;
    bool no_token; /* without which no broker is asked */
};

static void truncate_before(char *text, const char *words)
{
    char *found = strstr(text, words);

    if (found)
        *found = '\0';
}

/* The answer to a request says only that no broker was reached. The reasons come as events. */
static void read_error_events(rd_kafka_t *client, struct trouble *trouble)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(client);
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(queue, 0))) {
        rd_kafka_resp_err_t code = rd_kafka_event_error(event);

        if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
            trouble->all_brokers_down = true;
        else if (code && !trouble->refusal) {
            trouble->refusal = kafka_is_refusal(code) ? code : RD_KAFKA_RESP_ERR_NO_ERROR;
            trouble->no_token = sasl_lacks_token(rd_kafka_event_error_string(event));
            snprintf(trouble->reason, sizeof(trouble->reason), "%s", rd_kafka_event_error_string(event));
            truncate_before(trouble->reason, " (after "); /* so many milliseconds in a state of librdkafka's */
        }
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
}

void kafka_discard_events(rd_kafka_t *metadata_client)
{
    struct trouble ignored = {0};

    read_error_events(metadata_client, &ignored);
}

/* Ends early when all brokers have failed and one has refused us, or when there is no token: neither passes by itself,
 * and a person waits for the answer. */
static rd_kafka_resp_err_t ask_for_topic(rd_kafka_t *client, const char *name,
                                         const struct rd_kafka_metadata **ret_metadata, struct trouble *trouble)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    rd_kafka_resp_err_t code;
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS, left = KAFKA_ANSWER_TIMEOUT_MS;

    /* Of a name that is longer than librdkafka allows. */
    if (!topic)
        return RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    for (int attempt_ms = FIRST_ATTEMPT_MS;; attempt_ms *= 2) {
        code = rd_kafka_metadata(client, 0, topic, ret_metadata, attempt_ms < left ? attempt_ms : (int)left);
        read_error_events(client, trouble);
        left = deadline - time_monotonic_ms();
        if (!code || left <= 0 || trouble->no_token || (trouble->refusal && trouble->all_brokers_down))
            break;
    }
    rd_kafka_topic_destroy(topic);
    return code;
}

static void explain_topic(rd_kafka_resp_err_t code, const char *name, struct error *error)
{
    kafka_error(error, code, "could not ask Kafka for the topic");
    error_context(error, "topic \"%s\"", name);
}

static void explain_no_answer(rd_kafka_t *client, const struct config *config, rd_kafka_resp_err_t code,
                              const struct trouble *trouble, struct error *error)
{
    if (trouble->refusal)
        kafka_refusal(error, client, trouble->refusal, trouble->reason);
    else if (*trouble->reason || !sasl_waits_for_token(rd_kafka_conf(client), error)) {
        kafka_error(error, code, "could not ask Kafka for the topic");
        if (*trouble->reason)
            error_set(error, error->code, "could not ask Kafka for the topic: %s", trouble->reason);
        error_hint(error, "check that the broker runs there, that its advertised listeners can be reached from here, "
                          "and the property security.protocol");
    }
    error_context(error, "broker %s", config_text(config, OPTION_KAFKA_SERVER));
}

int kafka_query_topic(rd_kafka_t *metadata_client, const struct config *config,
                      const struct rd_kafka_metadata **ret_metadata, struct error *error)
{
    struct trouble trouble = {0};
    rd_kafka_resp_err_t code =
        ask_for_topic(metadata_client, config_text(config, OPTION_TOPIC), ret_metadata, &trouble);

    if (!code)
        return 0;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
        explain_topic(code, config_text(config, OPTION_TOPIC), error);
    else
        explain_no_answer(metadata_client, config, code, &trouble, error);
    return -1;
}

int kafka_check_topic(const struct rd_kafka_metadata *metadata, const char *name, int32_t *ret_count,
                      struct error *error)
{
    rd_kafka_resp_err_t code =
        metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;

    *ret_count = code ? 0 : metadata->topics[0].partition_cnt;
    if (!code || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return 0;
    explain_topic(code, name, error);
    return -1;
}

int kafka_count_partitions(rd_kafka_t *metadata_client, const struct config *config, int32_t *ret_count,
                           struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    int status;

    if (kafka_query_topic(metadata_client, config, &metadata, error))
        return -1;
    status = kafka_check_topic(metadata, config_text(config, OPTION_TOPIC), ret_count, error);
    rd_kafka_metadata_destroy(metadata);
    return status;
}
