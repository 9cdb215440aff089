#include "kafka/offsets.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/admin.h"

#define WHAT "could not ask Kafka for the offsets of partitions"

/* One request that was sent. */
struct question {
    struct admin_request request;
    rd_kafka_topic_partition_list_t *list;
};

static void release_question(struct question *question)
{
    admin_release(&question->request);
    if (question->list)
        rd_kafka_topic_partition_list_destroy(question->list);
}

/* `spec` is one of RD_KAFKA_OFFSET_SPEC_…, or milliseconds since the Unix epoch. */
static int send_question(struct question *question, rd_kafka_t *client, const char *topic,
                         const struct position *positions, size_t count, int64_t spec,
                         rd_kafka_IsolationLevel_t isolation, int timeout_ms, struct error *error)
{
    question->list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(question->list, topic, positions[i].partition)->offset = spec;
    if (admin_begin(&question->request, client, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout_ms, WHAT, error))
        return -1;
    /* The client's property isolation.level does not apply to these requests. */
    if (admin_check_option(rd_kafka_AdminOptions_set_isolation_level(question->request.options, isolation), WHAT,
                           error))
        return -1;
    rd_kafka_ListOffsets(client, question->list, question->request.options, question->request.queue);
    return 0;
}

static int compare_partitions(const void *left, const void *right)
{
    int32_t a = ((const struct position *)left)->partition, b = ((const struct position *)right)->partition;

    return (a > b) - (a < b);
}

/* Sets the offsets of `positions`, which are in ascending order of partition. Returns the first error code of a
 * partition. If the connection to a leader was lost meanwhile, librdkafka returns no code, but the spec of the request
 * or an invalid offset: that must not be taken for an offset. */
static rd_kafka_resp_err_t read_answer(rd_kafka_event_t *event, int64_t spec, struct position *positions, size_t count)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    size_t answers, found_count = 0;
    const rd_kafka_ListOffsetsResultInfo_t **infos =
        rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &answers);

    for (size_t i = 0; i < count; i++)
        positions[i].offset = -1;
    for (size_t i = 0; i < answers; i++) {
        const rd_kafka_topic_partition_t *found = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
        const struct position key = {.partition = found->partition};
        struct position *position = bsearch(&key, positions, count, sizeof(*positions), compare_partitions);

        if (found->err)
            code = code ? code : found->err;
        else if (position && found->offset != spec && found->offset >= RD_KAFKA_OFFSET_END) {
            position->offset = found->offset;
            found_count++;
        }
    }
    return code || found_count == count ? code : RD_KAFKA_RESP_ERR__TRANSPORT;
}

/* Errors that pass by themselves: librdkafka reconnects; right after a topic was created, or while leaders move, not
 * all brokers know the leader of a partition; and a new leader does not know the end at once (KIP-207). */
static bool awaits_leader(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR__NOENT;
}

/* Returns 0; 1 with the error if the request may be repeated; -1 with the error otherwise. */
static int take_answer(struct question *question, int64_t spec, struct position *positions, size_t count,
                       struct error *error)
{
    rd_kafka_resp_err_t code;

    if (admin_wait(&question->request, WHAT, error))
        return question->request.event && awaits_leader(rd_kafka_event_error(question->request.event)) ? 1 : -1;
    code = read_answer(question->request.event, spec, positions, count);
    if (!code)
        return 0;
    kafka_error(error, code, WHAT);
    return awaits_leader(code) ? 1 : -1;
}

/* Several requests for the same partitions. All are sent before the first answer is awaited, which saves a round trip.
 */
struct inquiry {
    const char *topic;
    const int64_t *specs;
    size_t spec_count; /* at most SPECS_MAX */
    struct position *positions[2];
    size_t count;
};

#define SPECS_MAX 2

static int ask_once(rd_kafka_t *client, const struct inquiry *inquiry, int timeout_ms, struct error *error)
{
    struct question questions[SPECS_MAX] = {0};
    int status = 0;

    for (size_t i = 0; i < inquiry->spec_count && !status; i++)
        status = send_question(&questions[i], client, inquiry->topic, inquiry->positions[i], inquiry->count,
                               inquiry->specs[i], RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED, timeout_ms, error);
    for (size_t i = 0; i < inquiry->spec_count && !status; i++)
        status = take_answer(&questions[i], inquiry->specs[i], inquiry->positions[i], inquiry->count, error);
    for (size_t i = 0; i < SPECS_MAX; i++)
        release_question(&questions[i]);
    return status;
}

static int ask(rd_kafka_t *client, const struct inquiry *inquiry, int timeout_ms, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + timeout_ms;
    int status;

    if (inquiry->count == 0)
        return 0;
    while ((status = ask_once(client, inquiry, timeout_ms, error)) > 0)
        if (!kafka_may_ask_again(deadline))
            return -1;
    return status;
}

int offsets_query_ranges(rd_kafka_t *client, const char *topic, const int32_t *partitions, size_t count, int timeout_ms,
                         struct offset_range *ret_ranges, struct error *error)
{
    static const int64_t specs[] = {RD_KAFKA_OFFSET_SPEC_EARLIEST, RD_KAFKA_OFFSET_SPEC_LATEST};
    cleanup(memory_free) struct position *firsts = memory_new(count + 1, sizeof(*firsts));
    cleanup(memory_free) struct position *ends = memory_new(count + 1, sizeof(*ends));
    const struct inquiry inquiry = {topic, specs, 2, {firsts, ends}, count};

    for (size_t i = 0; i < count; i++)
        firsts[i].partition = ends[i].partition = partitions[i];
    if (ask(client, &inquiry, timeout_ms, error))
        return -1;
    for (size_t i = 0; i < count; i++)
        ret_ranges[i] = (struct offset_range){firsts[i].offset, ends[i].offset};
    return 0;
}

int offsets_query_at(rd_kafka_t *client, const char *topic, int64_t time, size_t count, int timeout_ms,
                     int64_t *ret_offsets, struct error *error)
{
    const int64_t spec = time * 1000;
    cleanup(memory_free) struct position *positions = memory_new(count + 1, sizeof(*positions));
    const struct inquiry inquiry = {topic, &spec, 1, {positions, NULL}, count};

    for (size_t i = 0; i < count; i++)
        positions[i].partition = (int32_t)i;
    if (ask(client, &inquiry, timeout_ms, error))
        return -1;
    for (size_t i = 0; i < count; i++)
        ret_offsets[i] = positions[i].offset >= 0 ? positions[i].offset : -1;
    return 0;
}

int offsets_query_ends(rd_kafka_t *client, const char *topic, int timeout_ms, struct position *positions, size_t count,
                       struct error *error)
{
    cleanup(release_question) struct question question = {0};
    rd_kafka_resp_err_t ignored;

    if (send_question(&question, client, topic, positions, count, RD_KAFKA_OFFSET_SPEC_LATEST,
                      RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED, timeout_ms, error) ||
        admin_wait(&question.request, WHAT, error))
        return -1;
    ignored = read_answer(question.request.event, RD_KAFKA_OFFSET_SPEC_LATEST, positions, count);
    (void)ignored;
    return 0;
}
