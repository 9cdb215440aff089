#include "speed/reading.h"

#include "base/time.h"
#include "speed/schedule.h"

/* Librdkafka waits this long to fill a batch: it bounds how stale an event can be before it is looked at, and, while a
 * commit is under way, how late an answer of PostgreSQL is. */
#define READ_TIMEOUT_MS 10
#define SHORT_READ_TIMEOUT_MS 1

/* Takes a message for which some memory was full. */
static int make_room(struct worker *worker, struct partition *partition, const struct message *message,
                     const struct decoded *decoded, enum pending_limit limit, struct error *error)
{
    if (limit == PENDING_ROWS_FULL ? begin_roll(worker, error) : begin_commit(worker, error))
        return -1;
    if (pending_take(&worker->pending, partition, message, decoded) == PENDING_TAKEN)
        return 0;
    if (write_everything(worker, error))
        return -1;
    if (pending_take(&worker->pending, partition, message, decoded) == PENDING_TAKEN)
        return 0;
    return error_set(error, ERROR_FAILED, "a single message exceeds every limit");
}

static int take_message(struct worker *worker, const struct message *message, const struct decoded *decoded,
                        struct error *error)
{
    struct partition *partition = partitions_find(&worker->partitions, message->partition);
    enum pending_limit limit;

    /* What was fetched before a claim was given up is not wanted any more. */
    if (!partition || !partition->epoch || message->offset < partition->next_offset)
        return 0;
    if (message->kind == MESSAGE_END) {
        partition->next_offset = message->offset;
        return 0;
    }
    counter_add(&worker->counters.read, 1);
    if (message->offset < partition->totals.offset)
        counter_add(&worker->counters.read_again, 1);
    limit = pending_take(&worker->pending, partition, message, decoded);
    return limit == PENDING_TAKEN ? 0 : make_room(worker, partition, message, decoded, limit, error);
}

static void note_lag(struct worker *worker, const struct message *messages, size_t count)
{
    const struct message *last = count ? &messages[count - 1] : NULL;
    int64_t lag_ms = last && last->arrival >= 0 ? time_now_ms() - last->stamp_ms : 0;

    worker->lag_ms = lag_ms > 0 ? lag_ms : 0;
}

int read_from_kafka(struct worker *worker, struct error *error)
{
    const struct message *messages;
    size_t count;

    stages_end(&worker->stages, STAGE_OTHER);
    if (consumer_read(worker->consumer, worker->commit ? SHORT_READ_TIMEOUT_MS : READ_TIMEOUT_MS, &messages, &count,
                      error)) {
        write_what_is_held(worker);
        return -1;
    }
    stages_end(&worker->stages, STAGE_TAKE);
    pending_decode(&worker->pending, messages, count);
    stages_end(&worker->stages, STAGE_DECODE);
    pending_intern(&worker->pending, count);
    stages_end(&worker->stages, STAGE_INTERN);
    for (size_t i = 0; i < count; i++)
        if (take_message(worker, &messages[i], &worker->pending.ahead[i], error))
            return -1;
    note_lag(worker, messages, count);
    stages_end(&worker->stages, STAGE_SUM);
    return 0;
}
