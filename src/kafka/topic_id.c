#include "kafka/topic_id.h"

#include <stdio.h>

#include "kafka/admin.h"

#define WHAT "could not ask Kafka for the topic's id"

static void free_topics(rd_kafka_TopicCollection_t **topics)
{
    rd_kafka_TopicCollection_destroy(*topics);
}

static int read_answer(rd_kafka_event_t *event, char ret_id[TOPIC_ID_SIZE], struct error *error)
{
    const rd_kafka_TopicDescription_t **descriptions;
    const rd_kafka_error_t *failure;
    const rd_kafka_Uuid_t *id;
    bool is_zero;
    size_t count;

    descriptions = rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
    failure = count == 1 ? rd_kafka_TopicDescription_error(descriptions[0]) : NULL;
    if (count != 1 || failure)
        return kafka_error(error, failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_UNKNOWN, WHAT);
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

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout_ms, WHAT, error))
        return -1;
    rd_kafka_DescribeTopics(client, topics, request.options, request.queue);
    return admin_wait(&request, WHAT, error) ? -1 : read_answer(request.event, ret_id, error);
}
