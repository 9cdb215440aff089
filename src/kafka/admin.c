#include "kafka/admin.h"

#define REASON_SIZE 512

int admin_begin(struct admin_request *request, rd_kafka_t *client, rd_kafka_admin_op_t operation, int timeout_ms,
                const char *what, struct error *error)
{
    char reason[REASON_SIZE];

    request->options = rd_kafka_AdminOptions_new(client, operation);
    request->queue = rd_kafka_queue_new(client);
    request->timeout_ms = timeout_ms;
    if (rd_kafka_AdminOptions_set_request_timeout(request->options, timeout_ms, reason, sizeof(reason)))
        return error_set(error, ERROR_FAILED, "%s: %s", what, reason);
    return 0;
}

int admin_wait(struct admin_request *request, const char *what, struct error *error)
{
    /* The answer comes by the request's own timeout; the wait is a little longer than that. */
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
