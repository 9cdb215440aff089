#include "kafka/ends.h"

#include "kafka/admin.h"

#define WHAT "could not ask Kafka where partitions end"

static void free_list(rd_kafka_topic_partition_list_t **list)
{
    rd_kafka_topic_partition_list_destroy(*list);
}

static rd_kafka_topic_partition_list_t *list_of(const char *topic, const struct position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, positions[i].partition)->offset = RD_KAFKA_OFFSET_SPEC_LATEST;
    return list;
}

static void read_answer(rd_kafka_event_t *event, struct position *positions, size_t count)
{
    size_t answers;
    const rd_kafka_ListOffsetsResultInfo_t **infos =
        rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &answers);

    for (size_t i = 0; i < count; i++) {
        positions[i].offset = -1;
        for (size_t j = 0; j < answers; j++) {
            const rd_kafka_topic_partition_t *end = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[j]);

            if (end->partition == positions[i].partition && !end->err)
                positions[i].offset = end->offset;
        }
    }
}

int ends_query(rd_kafka_t *client, const char *topic, int timeout_ms, struct position *positions, size_t count,
               struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    cleanup(free_list) rd_kafka_topic_partition_list_t *list = list_of(topic, positions, count);

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout_ms, WHAT, error))
        return -1;
    /* The client's isolation.level has no say in it: unless asked otherwise, it is read_uncommitted. */
    rd_kafka_ListOffsets(client, list, request.options, request.queue);
    if (admin_wait(&request, WHAT, error))
        return -1;
    read_answer(request.event, positions, count);
    return 0;
}
