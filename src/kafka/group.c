#include "kafka/group.h"

#include "kafka/admin.h"

#define WHAT "could not ask Kafka for the consumer group"

/* Brokers that do not judge tell of no operation at all. */
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

static int read_answer(rd_kafka_event_t *event, size_t *ret_members, struct error *error)
{
    const rd_kafka_ConsumerGroupDescription_t **descriptions;
    const rd_kafka_error_t *failure;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_UNKNOWN;
    size_t count;

    descriptions =
        rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    if (count == 1) {
        failure = rd_kafka_ConsumerGroupDescription_error(descriptions[0]);
        code = failure ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (!code && !may_read(descriptions[0]))
        code = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    if (code && code != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        return kafka_error(error, code, WHAT);
    *ret_members = code ? 0 : rd_kafka_ConsumerGroupDescription_member_count(descriptions[0]);
    return 0;
}

int group_query(rd_kafka_t *client, const char *group, size_t *ret_members, struct error *error)
{
    cleanup(admin_release) struct admin_request request = {0};
    rd_kafka_error_t *failure;

    if (admin_begin(&request, client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, WHAT, error))
        return -1;
    failure = rd_kafka_AdminOptions_set_include_authorized_operations(request.options, 1);
    if (failure) {
        error_set(error, ERROR_FAILED, WHAT ": %s", rd_kafka_error_string(failure));
        rd_kafka_error_destroy(failure);
        return -1;
    }
    rd_kafka_DescribeConsumerGroups(client, &(const char *){group}, 1, request.options, request.queue);
    return admin_wait(&request, WHAT, error) ? -1 : read_answer(request.event, ret_members, error);
}
