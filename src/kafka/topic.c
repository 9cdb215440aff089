#include "kafka/topic.h"

#include "base/stop.h"
#include "base/time.h"

#define REASON_SIZE 512
#define ASK_AGAIN_MS 50

/* Lets the broker choose (KIP-464). */
#define DEFAULT_REPLICATION (-1)

static void free_options(rd_kafka_AdminOptions_t **options)
{
    rd_kafka_AdminOptions_destroy(*options);
}

static void free_queue(rd_kafka_queue_t **queue)
{
    rd_kafka_queue_destroy(*queue);
}

static void free_topic(rd_kafka_NewTopic_t **topic)
{
    if (*topic)
        rd_kafka_NewTopic_destroy(*topic);
}

static void free_event(rd_kafka_event_t **event)
{
    rd_kafka_event_destroy(*event);
}

/* That another process has created it meanwhile is as good. */
static int check_answer(rd_kafka_event_t *event, struct error *error)
{
    const rd_kafka_topic_result_t **topics;
    rd_kafka_resp_err_t code;
    size_t count;

    if (!event)
        return kafka_error(error, RD_KAFKA_RESP_ERR__TIMED_OUT, "could not create the topic");
    if (rd_kafka_event_error(event))
        return kafka_error(error, rd_kafka_event_error(event), "could not create the topic");
    topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    code = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return error_set(error, ERROR_MISTAKE, "could not create the topic: %s",
                     count == 1 && rd_kafka_topic_result_error_string(topics[0])
                         ? rd_kafka_topic_result_error_string(topics[0])
                         : rd_kafka_err2str(code));
}

static int create_topic(rd_kafka_t *client, const struct config *config, struct error *error)
{
    cleanup(free_options) rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    cleanup(free_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    cleanup(free_topic) rd_kafka_NewTopic_t *topic = NULL;
    cleanup(free_event) rd_kafka_event_t *event = NULL;
    char reason[REASON_SIZE];

    topic = rd_kafka_NewTopic_new(config_text(config, OPTION_TOPIC), (int)config_number(config, OPTION_PARTITIONS),
                                  DEFAULT_REPLICATION, reason, sizeof(reason));
    if (!topic)
        return error_set(error, ERROR_USAGE, "could not create the topic: %s", reason);
    if (rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_ANSWER_TIMEOUT_MS, reason, sizeof(reason)))
        return error_set(error, ERROR_FAILED, "could not create the topic: %s", reason);
    rd_kafka_CreateTopics(client, &topic, 1, options, queue);
    /* The answer comes by the request's own timeout; the wait is a little longer than that. */
    event = rd_kafka_queue_poll(queue, KAFKA_ANSWER_TIMEOUT_MS + 1000);
    return check_answer(event, error);
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
        if (time_monotonic_ms() > deadline || stop_requested())
            return kafka_error(error, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "could not see the created topic");
        time_sleep_ms(ASK_AGAIN_MS);
    }
    *ret_partitions = count;
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
    if (create_topic(client, config, error) || await_topic(client, config, ret_partitions, error))
        return error_context(error, "topic \"%s\"", config_text(config, OPTION_TOPIC));
    return 1;
}

int topic_ensure(const struct config *config, int32_t *ret_partitions, struct error *error)
{
    rd_kafka_t *inquirer;
    int status;

    if (kafka_open_inquirer(config, &inquirer, error))
        return -1;
    status = ensure(inquirer, config, ret_partitions, error);
    rd_kafka_destroy(inquirer);
    return status;
}
