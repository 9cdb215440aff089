#include "kafka/topic.h"

#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "kafka/admin.h"
#include "kafka/offsets.h"

#define REASON_SIZE 512
#define WHAT "could not create the topic"

/* Lets the broker choose (KIP-464). */
#define DEFAULT_REPLICATION (-1)

static void free_topic(rd_kafka_NewTopic_t **topic)
{
    if (*topic)
        rd_kafka_NewTopic_destroy(*topic);
}

/* That another process has created it meanwhile is as good. */
static int check_answer(rd_kafka_event_t *event, struct error *error)
{
    const rd_kafka_topic_result_t **topics;
    rd_kafka_resp_err_t code;
    size_t count;

    topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    code = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return error_set(error, ERROR_MISTAKE, WHAT ": %s",
                     count == 1 && rd_kafka_topic_result_error_string(topics[0])
                         ? rd_kafka_topic_result_error_string(topics[0])
                         : rd_kafka_err2str(code));
}

static int create_topic(rd_kafka_t *client, const struct config *config, struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    cleanup(free_topic) rd_kafka_NewTopic_t *topic = NULL;
    char reason[REASON_SIZE];

    topic = rd_kafka_NewTopic_new(config_text(config, OPTION_TOPIC), (int)config_number(config, OPTION_PARTITIONS),
                                  DEFAULT_REPLICATION, reason, sizeof(reason));
    if (!topic)
        return error_set(error, ERROR_USAGE, WHAT ": %s", reason);
    /* Kafka's default has each sender stamp its messages, by a clock that may be wrong. */
    rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_CREATETOPICS, KAFKA_ANSWER_TIMEOUT_MS, WHAT, error))
        return -1;
    rd_kafka_CreateTopics(client, &topic, 1, request.options, request.queue);
    return admin_wait(&request, WHAT, error) ? -1 : check_answer(request.event, error);
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
        time_sleep_ms(KAFKA_ASK_AGAIN_MS);
    }
    *ret_partitions = count;
    return 0;
}

/*
 * Waits until each partition answers. The topic is known before all leaders have it; of messages that are sent to it in
 * between, a later one may be taken before the first, whose repetition then counts as delivered and never comes.
 */
static int await_partitions(rd_kafka_t *client, const struct config *config, int32_t count, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS;
    cleanup(memory_free) int32_t *partitions = memory_new((size_t)count, sizeof(*partitions));
    cleanup(memory_free) struct offset_range *ranges = memory_new((size_t)count, sizeof(*ranges));

    for (int32_t i = 0; i < count; i++)
        partitions[i] = i;
    /* A broker may not have heard of the topic yet, which is an error as any other. */
    while (offsets_query_ranges(client, config_text(config, OPTION_TOPIC), partitions, (size_t)count,
                                KAFKA_ANSWER_TIMEOUT_MS, ranges, error)) {
        if (time_monotonic_ms() > deadline || stop_requested())
            return -1;
        time_sleep_ms(KAFKA_ASK_AGAIN_MS);
    }
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
    rd_kafka_t *inquirer;
    int status;

    if (kafka_open_inquirer(config, &inquirer, error))
        return -1;
    status = ensure(inquirer, config, ret_partitions, error);
    rd_kafka_destroy(inquirer);
    return status;
}
