#include "kafka/topic_id.h"

#include <stdio.h>

#define REASON_SIZE 512
#define WHAT "could not ask Kafka for the topic's id"

static void free_options(rd_kafka_AdminOptions_t **options)
{
    rd_kafka_AdminOptions_destroy(*options);
}

static void free_queue(rd_kafka_queue_t **queue)
{
    rd_kafka_queue_destroy(*queue);
}

static void free_topics(rd_kafka_TopicCollection_t **topics)
{
    rd_kafka_TopicCollection_destroy(*topics);
}

static void free_event(rd_kafka_event_t **event)
{
    if (*event)
        rd_kafka_event_destroy(*event);
}

static int read_answer(rd_kafka_event_t *event, char ret_id[TOPIC_ID_SIZE], struct error *error)
{
    const rd_kafka_TopicDescription_t **descriptions;
    const rd_kafka_error_t *failure;
    size_t count;

    if (!event)
        return kafka_error(error, RD_KAFKA_RESP_ERR__TIMED_OUT, WHAT);
    if (rd_kafka_event_error(event))
        return kafka_error(error, rd_kafka_event_error(event), WHAT);
    descriptions = rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
    failure = count == 1 ? rd_kafka_TopicDescription_error(descriptions[0]) : NULL;
    if (count != 1 || failure)
        return kafka_error(error, failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_UNKNOWN, WHAT);
    snprintf(ret_id, TOPIC_ID_SIZE, "%s", rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(descriptions[0])));
    return 0;
}

int topic_id_query(rd_kafka_t *client, const char *topic, char ret_id[TOPIC_ID_SIZE], struct error *error)
{
    cleanup(free_options) rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
    cleanup(free_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    cleanup(free_topics) rd_kafka_TopicCollection_t *topics =
        rd_kafka_TopicCollection_of_topic_names(&(const char *){topic}, 1);
    cleanup(free_event) rd_kafka_event_t *event = NULL;
    char reason[REASON_SIZE];

    if (rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_ANSWER_TIMEOUT_MS, reason, sizeof(reason)))
        return error_set(error, ERROR_FAILED, WHAT ": %s", reason);
    rd_kafka_DescribeTopics(client, topics, options, queue);
    /* The answer comes by the request's own timeout; the wait is a little longer than that. */
    event = rd_kafka_queue_poll(queue, KAFKA_ANSWER_TIMEOUT_MS + 1000);
    return read_answer(event, ret_id, error);
}
