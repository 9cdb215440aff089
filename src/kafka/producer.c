#include "kafka/producer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct producer {
    rd_kafka_t *client;
    rd_kafka_topic_t *topic; /* made by the first message, when the topic exists */
    char *topic_name;
    producer_acknowledged acknowledged;
    void *context;
    bool closing;
    bool failed;
    struct error failure; /* the first one */
};

/* The first failure is the reason; those of the messages behind it follow from it. */
static void keep_failure(struct producer *producer, rd_kafka_resp_err_t code)
{
    char reason[KAFKA_REASON_SIZE];

    if (producer->failed)
        return;
    producer->failed = true;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        code = rd_kafka_fatal_error(producer->client, reason, sizeof(reason));
        error_set(&producer->failure, ANT_KAFKA_ANSWER, "the Kafka producer cannot go on: %s: %s",
                  rd_kafka_err2str(code), reason);
    } else
        kafka_error(&producer->failure, code, "Kafka did not take a message");
    error_context(&producer->failure, "topic \"%s\"", producer->topic_name);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    struct producer *producer = context;

    (void)client;
    if (message->err) {
        if (!producer->closing)
            keep_failure(producer, message->err);
        return;
    }
    producer->acknowledged(producer->context, message->_private);
}

/* Only fatal errors end the producer. Librdkafka reconnects to brokers, and keeps their messages until then. */
static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    (void)client;
    (void)reason;
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        keep_failure(context, RD_KAFKA_RESP_ERR__FATAL);
}

int producer_open(const struct config *config, producer_acknowledged acknowledged, void *context,
                  struct producer **ret_producer, struct error *error)
{
    const char *topic_name = config_text(config, OPTION_TOPIC);
    struct producer *producer = memory_new(1, sizeof(*producer));
    rd_kafka_conf_t *conf = NULL;

    if (kafka_configure(config, kafka_no_properties, &conf, error)) {
        free(producer);
        return -1;
    }
    producer->topic_name = memory_text(topic_name, strlen(topic_name));
    producer->acknowledged = acknowledged;
    producer->context = context;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (kafka_open(RD_KAFKA_PRODUCER, conf, &producer->client, error)) {
        producer_close(producer);
        return -1;
    }
    *ret_producer = producer;
    return 0;
}

/* Messages without acknowledgement are purged; `closing` keeps them from counting as failures. */
void producer_close(struct producer *producer)
{
    if (!producer)
        return;
    producer->closing = true;
    if (producer->client)
        rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    if (producer->topic)
        rd_kafka_topic_destroy(producer->topic);
    if (producer->client)
        rd_kafka_destroy(producer->client);
    free(producer->topic_name);
    free(producer);
}

static int report_failure(const struct producer *producer, struct error *error)
{
    *error = producer->failure;
    return -1;
}

int producer_send(struct producer *producer, int32_t partition, struct slice message, void *ticket, struct error *error)
{
    rd_kafka_resp_err_t code;

    if (!producer->topic)
        producer->topic = rd_kafka_topic_new(producer->client, producer->topic_name, NULL);
    /* The copying flag makes the payload read-only to librdkafka, whose parameter is not const all the same. */
    if (!rd_kafka_produce(producer->topic, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)message.data,
                          message.size, NULL, 0, ticket))
        return 0;
    code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return 1;
    keep_failure(producer, code);
    return report_failure(producer, error);
}

int producer_poll(struct producer *producer, int timeout_ms, struct error *error)
{
    rd_kafka_poll(producer->client, timeout_ms);
    return producer->failed ? report_failure(producer, error) : 0;
}
