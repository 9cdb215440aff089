#include "kafka/admin.h"

#include "base/time.h"

#define GROUP "could not ask Kafka for the consumer group"

int admin_begin(struct admin_request *request, rd_kafka_t *client, rd_kafka_admin_op_t operation, int timeout_ms,
                const char *what, struct error *error)
{
    char reason[KAFKA_REASON_SIZE];

    request->options = rd_kafka_AdminOptions_new(client, operation);
    request->queue = rd_kafka_queue_new(client);
    request->timeout_ms = timeout_ms;
    if (rd_kafka_AdminOptions_set_request_timeout(request->options, timeout_ms, reason, sizeof(reason)))
        return error_set(error, ANT_KAFKA_ANSWER, "%s: %s", what, reason);
    return 0;
}

int admin_check_option(rd_kafka_error_t *failure, const char *what, struct error *error)
{
    if (!failure)
        return 0;
    error_set(error, ANT_KAFKA_ANSWER, "%s: %s", what, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return -1;
}

int admin_wait(struct admin_request *request, const char *what, struct error *error)
{
    /* The request fails after its own time-out, with a better reason than this one: so the wait is longer. */
    request->event = rd_kafka_queue_poll(request->queue, request->timeout_ms + 1000);
    if (!request->event)
        return kafka_error(error, RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    if (rd_kafka_event_error(request->event))
        return kafka_error(error, rd_kafka_event_error(request->event), what);
    return 0;
}

void admin_release(struct admin_request *request)
{
    if (request->event)
        rd_kafka_event_destroy(request->event);
    if (request->queue)
        rd_kafka_queue_destroy(request->queue);
    if (request->options)
        rd_kafka_AdminOptions_destroy(request->options);
}

/* A broker without an authorizer returns no operation at all. */
static bool may_read(const rd_kafka_ConsumerGroupDescription_t *description)
{
    size_t count = 0;
    const rd_kafka_AclOperation_t *operations =
        rd_kafka_ConsumerGroupDescription_authorized_operations(description, &count);

    for (size_t i = 0; i < count; i++)
        if (operations[i] == RD_KAFKA_ACL_OPERATION_READ)
            return true;
    return count == 0;
}

/* Errors that pass by themselves: the coordinator of a cluster's first group is created on request, and others move
 * between brokers. */
static bool is_transient(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
           code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

static rd_kafka_resp_err_t read_answer(rd_kafka_event_t *event, size_t *ret_members)
{
    const rd_kafka_ConsumerGroupDescription_t **descriptions;
    const rd_kafka_error_t *failure;
    size_t count;

    descriptions =
        rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    if (count != 1)
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    failure = rd_kafka_ConsumerGroupDescription_error(descriptions[0]);
    if (failure && rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        return rd_kafka_error_code(failure);
    if (!failure && !may_read(descriptions[0]))
        return RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    *ret_members = failure ? 0 : rd_kafka_ConsumerGroupDescription_member_count(descriptions[0]);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Asks once. Returns 1, with the error, when it may be asked again. */
static int ask(rd_kafka_t *client, const char *group, size_t *ret_members, struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    rd_kafka_resp_err_t code;

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, KAFKA_ANSWER_TIMEOUT_MS, GROUP,
                    error) ||
        admin_check_option(rd_kafka_AdminOptions_set_include_authorized_operations(request.options, 1), GROUP, error))
        return -1;
    rd_kafka_DescribeConsumerGroups(client, &(const char *){group}, 1, request.options, request.queue);
    if (admin_wait(&request, GROUP, error))
        return request.event && is_transient(rd_kafka_event_error(request.event)) ? 1 : -1;
    code = read_answer(request.event, ret_members);
    if (!code)
        return 0;
    kafka_error(error, code, GROUP);
    return is_transient(code) ? 1 : -1;
}

int group_query(rd_kafka_t *client, const char *group, size_t *ret_members, struct error *error)
{
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS;
    int status;

    while ((status = ask(client, group, ret_members, error)) > 0)
        if (!kafka_may_ask_again(deadline))
            return -1;
    return status;
}
