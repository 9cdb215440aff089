#include "kafka/consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "kafka/sasl.h"

/* While no message comes, a broker is asked for metadata this often. It has this long to answer, because it may first
 * answer a fetch that waits for messages (fetch.wait.max.ms, half a second). After so many questions without an answer
 * the consumer counts as disconnected. Librdkafka itself notices a frozen broker or a cut cable only after
 * socket.timeout.ms, a minute. */
#define BROKER_PROBE_INTERVAL_MS 2000
#define BROKER_PROBE_TIMEOUT_MS 1000
#define BROKER_PROBES_MAX 2

/* Refusals may pass: a broker that starts has not read all passwords yet. Librdkafka reconnects after 10 s at most
 * (reconnect.backoff.max.ms), so that this time has at least two further attempts. */
#define REFUSED_MS 30000

/* One of several brokers that refuses us, as by a wrong certificate, does so at each attempt to reconnect: it is logged
 * this often. */
#define REFUSALS_APART_MS 600000

/* The answer of a coordinator takes milliseconds. While none answers, a service manager waits for our end: Docker for
 * 10 s, Kubernetes for 30 s. */
#define LEAVE_MS 5000
#define LEAVE_TURN_MS 50

/* 2016-01-01, before which Kafka had no timestamps (0.10.0), and 2100-01-01. */
#define ARRIVAL_MIN_MS 1451606400000
#define ARRIVAL_END_MS 4102444800000

/* Events that may be queued. Librdkafka reports the next one only after the answer to the last, so that this is more
 * than enough; on_rebalance() answers any further one without a change. */
#define EVENTS_MAX 4

struct consumer {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    char *topic;
    rd_kafka_message_t *raw[CONSUMER_READ_MAX];
    struct message messages[CONSUMER_READ_MAX];
    size_t raw_count;
    struct consumer_event events[EVENTS_MAX];
    size_t event_count;
    bool unanswered; /* the group waits for the answer to an event, taken or not, of this kind: */
    enum consumer_event_kind unanswered_kind;
    bool broker_assigns; /* KIP-848 */
    bool closing;
    bool ended; /* and said so */
    bool disconnected;
    bool evicted; /* by the group, in which it has not been since */
    bool until_end;
    bool refused;               /* since a broker was heard of last */
    struct error refusal;       /* the last */
    int64_t refused_at_ms;      /* monotonic */
    int64_t logged_at_ms;       /* of a refusal; 0: not yet */
    int64_t probe_broker_at_ms; /* for a broker, unless one is heard of before; monotonic */
    int unanswered_probes;      /* of a broker */
};

/* A fetch of a partition takes at most this part of a worker's --memory-limit, and at most so many bytes, which is
 * fetch.message.max.bytes in the table of property.c. */
#define FETCH_SHARE 4096
#define FETCH_MAX 262144

static rd_kafka_topic_partition_list_t *list_of(const struct consumer *consumer, const struct position *positions,
                                                size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->topic, positions[i].partition)->offset = positions[i].offset;
    return list;
}

static bool is_cooperative(const struct consumer *consumer)
{
    const char *protocol = rd_kafka_rebalance_protocol(consumer->client);

    return protocol && strcmp(protocol, "COOPERATIVE") == 0;
}

/* Librdkafka's error objects into ours. */
static int check_answer(rd_kafka_error_t *answer, const char *what, struct error *error)
{
    if (!answer)
        return 0;
    kafka_error(error, rd_kafka_error_code(answer), what);
    rd_kafka_error_destroy(answer);
    return -1;
}

static int check_code(rd_kafka_resp_err_t code, const char *what, struct error *error)
{
    return code ? kafka_error(error, code, what) : 0;
}

/*
 * Answers an event without a change. While the consumer closes, pending data is written or dropped already, and closing
 * releases all partitions. But rd_kafka_consumer_close() waits for the answer to the last event, for ever if none
 * comes.
 */
static void answer_without_change(struct consumer *consumer, enum consumer_event_kind kind)
{
    struct error ignored;
    int status = kind == CONSUMER_ASSIGNED ? consumer_assign(consumer, NULL, 0, &ignored)
                                           : consumer_unassign(consumer, NULL, 0, &ignored);

    (void)status;
}

/* Called by librdkafka inside consumer_read() and consumer_close(). It only queues the event: before the partitions of
 * a revocation are released, the worker must write what it has read, which may take seconds. */
static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                         void *context)
{
    struct consumer *consumer = context;
    struct consumer_event *event;
    enum consumer_event_kind kind = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? CONSUMER_ASSIGNED : CONSUMER_REVOKED;

    if (kind == CONSUMER_ASSIGNED)
        consumer->evicted = false;
    else if (rd_kafka_assignment_lost(client) && !rd_kafka_fatal_error(client, NULL, 0))
        consumer->evicted = true;
    if (consumer->closing || consumer->event_count == EVENTS_MAX) {
        answer_without_change(consumer, kind);
        return;
    }
    consumer->unanswered = true;
    consumer->unanswered_kind = kind;
    event = &consumer->events[consumer->event_count++];
    event->kind = kind;
    event->lost = kind == CONSUMER_REVOKED && rd_kafka_assignment_lost(client);
    event->count = (size_t)list->cnt;
    event->partitions = memory_new(event->count + 1, sizeof(*event->partitions));
    for (int i = 0; i < list->cnt; i++)
        event->partitions[i] = list->elems[i].partition;
}

static void note_refusal(struct consumer *consumer, rd_kafka_resp_err_t code, const char *reason)
{
    int64_t now_ms = time_monotonic_ms();
    int status = kafka_refusal(&consumer->refusal, consumer->client, code, reason);

    if (!status || consumer->refused)
        return;
    consumer->refused = true;
    consumer->refused_at_ms = now_ms;
    if (consumer->logged_at_ms && now_ms - consumer->logged_at_ms < REFUSALS_APART_MS)
        return;
    consumer->logged_at_ms = now_ms;
    log_error(LEVEL_WARNING, &consumer->refusal, "%s: %s",
              sasl_lacks_token(reason) ? "Kafka may refuse the next connection" : "a Kafka broker is not used",
              consumer->refusal.message);
}

static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    struct consumer *consumer = context;

    (void)client;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        consumer->disconnected = true;
    if (kafka_is_refusal(code))
        note_refusal(consumer, code, reason);
}

static int subscribe(struct consumer *consumer, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code;

    rd_kafka_topic_partition_list_add(list, consumer->topic, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return check_code(code, "could not subscribe to the topic", error);
}

/* With group.instance.id (KIP-345) a process that restarts gets the partitions of its predecessor at once: the group
 * does not rebalance, nor wait for the session time-out. */
static void set_instance(rd_kafka_conf_t *conf, const struct config *config, int member)
{
    cleanup(memory_free) char *instance = NULL;

    if (!config_has(config, OPTION_INSTANCE_ID))
        return;
    instance = memory_printf("%s-%d", config_text(config, OPTION_INSTANCE_ID), member);
    rd_kafka_conf_set(conf, "group.instance.id", instance, NULL, 0);
}

/* With --memory-limit a worker fetches less at a time: librdkafka decompresses a fetch as a whole, to many times its
 * size. */
static void limit_fetches(const struct config *config, char *text, size_t size)
{
    int64_t share = FETCH_MAX;

    if (config_has(config, OPTION_MEMORY_LIMIT))
        share = config_number(config, OPTION_MEMORY_LIMIT) / config_number(config, OPTION_WORKERS) / FETCH_SHARE;
    snprintf(text, size, "%" PRId64, share < FETCH_MAX ? share : FETCH_MAX);
}

int consumer_open(const struct config *config, const char *group, int member, struct consumer **ret_consumer,
                  struct error *error)
{
    struct consumer *consumer = memory_new(1, sizeof(*consumer));
    rd_kafka_conf_t *conf = NULL;
    char fetch[24];
    const struct kafka_property own[] = {{"group.id", group}, {"fetch.message.max.bytes", fetch}, {NULL, NULL}};

    limit_fetches(config, fetch, sizeof(fetch));
    consumer->broker_assigns = property_broker_assigns(config);
    consumer->until_end = config_flag(config, OPTION_UNTIL_END);
    if (kafka_configure(config, own, &conf, error)) {
        free(consumer);
        return -1;
    }
    set_instance(conf, config, member);
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    consumer->topic = memory_text(config_text(config, OPTION_TOPIC), strlen(config_text(config, OPTION_TOPIC)));
    if (kafka_open(RD_KAFKA_CONSUMER, conf, &consumer->client, error)) {
        consumer_close(consumer);
        return -1;
    }
    consumer->probe_broker_at_ms = time_monotonic_ms() + BROKER_PROBE_INTERVAL_MS;
    /* Callbacks come by the same queue as messages, and so by consumer_read(). */
    rd_kafka_poll_set_consumer(consumer->client);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->client);
    if (subscribe(consumer, error)) {
        consumer_close(consumer);
        return -1;
    }
    *ret_consumer = consumer;
    return 0;
}

static void drop_messages(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->raw_count; i++)
        rd_kafka_message_destroy(consumer->raw[i]);
    consumer->raw_count = 0;
}

/* Leaves the group. Returns false if the process stops and the coordinator does not answer: librdkafka keeps commits of
 * offsets for it until the session time-out, and rd_kafka_destroy() would wait as long. */
static bool leave_group(struct consumer *consumer)
{
    int64_t deadline_ms = time_monotonic_ms() + LEAVE_MS;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client);
    rd_kafka_error_t *failure = rd_kafka_consumer_close_queue(consumer->client, queue);
    bool has_left = failure; /* a fatal error: the group has put this member out */

    while (!has_left && !(stop_requested() && time_monotonic_ms() >= deadline_ms)) {
        /* Messages that were fetched before come by this queue, too. */
        ssize_t count = rd_kafka_consume_batch_queue(queue, LEAVE_TURN_MS, consumer->raw, CONSUMER_READ_MAX);

        consumer->raw_count = count < 0 ? 0 : (size_t)count;
        drop_messages(consumer);
        has_left = rd_kafka_consumer_closed(consumer->client);
    }
    if (failure)
        rd_kafka_error_destroy(failure);
    rd_kafka_queue_destroy(queue);
    return has_left;
}

/* The order: messages, which must be destroyed before their client; then the answer to the last event; then the close,
 * which leaves the group. `closing` makes on_rebalance() answer the events that come meanwhile. A client that cannot
 * leave is left to its threads, which use nothing of ours but the log, until the process ends. */
void consumer_close(struct consumer *consumer)
{
    if (!consumer)
        return;
    consumer->closing = true;
    drop_messages(consumer);
    if (consumer->unanswered)
        answer_without_change(consumer, consumer->unanswered_kind);
    for (size_t i = 0; i < consumer->event_count; i++)
        free(consumer->events[i].partitions);
    if (consumer->queue)
        rd_kafka_queue_destroy(consumer->queue);
    if (consumer->client && leave_group(consumer))
        rd_kafka_destroy(consumer->client);
    else if (consumer->client) {
        log_line(LEVEL_INFO,
                 "Kafka does not answer, and will see only after the session time-out that this process has stopped");
        stop_note_busy_threads();
    }
    free(consumer->topic);
    free(consumer);
}

bool consumer_has_joined(const struct consumer *consumer)
{
    rd_kafka_consumer_group_metadata_t *group;
    int32_t epoch;

    if (!consumer->broker_assigns)
        return false;
    group = rd_kafka_consumer_group_metadata(consumer->client);
    if (!group)
        return false;
    epoch = rd_kafka_consumer_group_metadata_generation_id(group);
    rd_kafka_consumer_group_metadata_destroy(group);
    return epoch > 0;
}

bool consumer_has_ended(const struct consumer *consumer)
{
    return consumer->ended;
}

/* Turns a fatal error of librdkafka into one of ours: the client is unusable, but a new one may succeed. Of two members
 * with one name, the first stays in the protocol of KIP-848, the second in the older one: so both cases are handled. */
static int fail_permanently(struct consumer *consumer, struct error *error)
{
    char reason[256];

    consumer->ended = true;
    switch ((int)rd_kafka_fatal_error(consumer->client, reason, sizeof(reason))) {
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        /* Librdkafka keeps commits of offsets until it reaches a broker, and then sends them without the id of a
         * member, which it has given up: the broker takes them for those of another process. */
        if (consumer->evicted)
            return error_set(error, ANT_GROUP_LOST, "the consumer group has given up this member: %s", reason);
        error_set(error, ANT_GROUP_NAME_TAKEN,
                  "another process has come into the consumer group with the name of this one");
        return error_hint(error, "give each process an --instance-id of its own");
    case RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID:
        error_set(error, ANT_GROUP_LOST, "the consumer group still has a member with the name of this process");
        return error_hint(error, "Kafka forgets a process that crashed after the group's session time-out; give each "
                                 "process an --instance-id of its own");
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
        /* Deleted while all its members were frozen, or lost by its coordinator right after it was made. */
        return error_set(error, ANT_GROUP_LOST, "Kafka has lost the consumer group: %s", reason);
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR:
        error_set(error, ANT_GROUP_REFUSED, "the broker refuses the consumer group's protocol: %s", reason);
        return error_hint(error, "correct group.remote.assignor, or leave out group.protocol=consumer, which needs "
                                 "Kafka 4.0");
    default:
        return error_set(error, ANT_KAFKA_ANSWER, "the Kafka client cannot go on: %s", reason);
    }
}

/* Checks an error that librdkafka delivers as a message: that of a partition, or of the group, which has no topic.
 * Returns 0 for those that pass by themselves. */
static int check_message(struct consumer *consumer, const rd_kafka_message_t *raw, struct error *error)
{
    char what[64] = "could not take part in the consumer group";

    /* The client looks for the group's coordinator again; see check_refusal(). */
    if (kafka_is_refusal(raw->err)) {
        note_refusal(consumer, raw->err, rd_kafka_message_errstr(raw));
        return 0;
    }
    switch ((int)raw->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the revocation follows as an event */
        return 0;
    case RD_KAFKA_RESP_ERR__FATAL:
        return fail_permanently(consumer, error);
    default:
        if (raw->rkt)
            snprintf(what, sizeof(what), "could not read partition %d", (int)raw->partition);
        return kafka_error(error, raw->err, what);
    }
}

int64_t arrival_of(int64_t stamp_ms)
{
    return stamp_ms >= ARRIVAL_MIN_MS && stamp_ms < ARRIVAL_END_MS ? stamp_ms / 1000 : -1;
}

struct message message_of(const rd_kafka_message_t *raw)
{
    rd_kafka_timestamp_type_t type;
    int64_t stamp_ms = raw->err ? -1 : rd_kafka_message_timestamp(raw, &type);

    return (struct message){
        .kind = raw->err ? MESSAGE_END : MESSAGE_DATA,
        .partition = raw->partition,
        .offset = raw->offset,
        .arrival = arrival_of(stamp_ms),
        .stamp_ms = stamp_ms,
        .data = raw->payload,
        .size = raw->len,
    };
}

static void note_broker(struct consumer *consumer, int64_t now_ms)
{
    consumer->disconnected = consumer->refused = false;
    consumer->unanswered_probes = 0;
    consumer->probe_broker_at_ms = now_ms + BROKER_PROBE_INTERVAL_MS;
}

/* Librdkafka reports when the last connection is lost, but not when one is made, nor when no broker answers. While no
 * message comes, only a request shows it. */
static void probe_broker(struct consumer *consumer, int64_t now_ms)
{
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(consumer->client, 0, NULL, &metadata, BROKER_PROBE_TIMEOUT_MS)) {
        consumer->probe_broker_at_ms = now_ms + BROKER_PROBE_INTERVAL_MS;
        if (++consumer->unanswered_probes >= BROKER_PROBES_MAX)
            consumer->disconnected = true;
        return;
    }
    rd_kafka_metadata_destroy(metadata);
    note_broker(consumer, now_ms);
}

/* A service waits until its password is corrected. With --until-end a person or script waits for the end of the
 * process: when no broker is left and one has refused us, it must fail. */
static int check_refusal(const struct consumer *consumer, int64_t now_ms, struct error *error)
{
    if (!consumer->until_end || !consumer->disconnected || !consumer->refused ||
        error_kind(&consumer->refusal) != ERROR_CONFIGURATION || now_ms - consumer->refused_at_ms < REFUSED_MS)
        return 0;
    *error = consumer->refusal;
    return -1;
}

int consumer_read(struct consumer *consumer, int timeout_ms, const struct message **ret_messages, size_t *ret_count,
                  struct error *error)
{
    ssize_t count;
    size_t kept = 0;
    int64_t now_ms;

    drop_messages(consumer);
    count = rd_kafka_consume_batch_queue(consumer->queue, timeout_ms, consumer->raw, CONSUMER_READ_MAX);
    consumer->raw_count = count < 0 ? 0 : (size_t)count;
    for (size_t i = 0; i < consumer->raw_count; i++) {
        const rd_kafka_message_t *raw = consumer->raw[i];

        if (check_message(consumer, raw, error)) {
            drop_messages(consumer);
            return -1;
        }
        if (raw->err && raw->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            continue;
        consumer->messages[kept++] = message_of(raw);
    }
    now_ms = time_monotonic_ms();
    if (kept)
        note_broker(consumer, now_ms);
    else if (now_ms >= consumer->probe_broker_at_ms)
        probe_broker(consumer, now_ms);
    *ret_messages = consumer->messages;
    *ret_count = kept;
    return check_refusal(consumer, now_ms, error);
}

bool consumer_take_event(struct consumer *consumer, struct consumer_event *ret_event)
{
    if (consumer->event_count == 0)
        return false;
    *ret_event = consumer->events[0];
    consumer->event_count--;
    memmove(consumer->events, consumer->events + 1, consumer->event_count * sizeof(*consumer->events));
    return true;
}

/* The kinds are compared, because a worker also calls these functions without an event: it assigns partitions again
 * after an outage, and unassigns them before it. That must not count as the answer to an event of the other kind. */
static void note_answer(struct consumer *consumer, enum consumer_event_kind kind)
{
    if (consumer->unanswered_kind == kind)
        consumer->unanswered = false;
}

int consumer_assign(struct consumer *consumer, const struct position *positions, size_t count, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = list_of(consumer, positions, count);
    int status;

    note_answer(consumer, CONSUMER_ASSIGNED);
    if (is_cooperative(consumer))
        status = check_answer(rd_kafka_incremental_assign(consumer->client, list), "could not begin to read", error);
    else
        status = check_code(rd_kafka_assign(consumer->client, list), "could not begin to read", error);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

int consumer_unassign(struct consumer *consumer, const int32_t *partitions, size_t count, struct error *error)
{
    rd_kafka_topic_partition_list_t *list;
    int status;

    note_answer(consumer, CONSUMER_REVOKED);
    if (!is_cooperative(consumer))
        return check_code(rd_kafka_assign(consumer->client, NULL), "could not stop reading", error);
    list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->topic, partitions[i]);
    status = check_answer(rd_kafka_incremental_unassign(consumer->client, list), "could not stop reading", error);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* From the last fetch response, without a request. */
int64_t consumer_end(const struct consumer *consumer, int32_t partition)
{
    int64_t first, end;

    if (rd_kafka_get_watermark_offsets(consumer->client, consumer->topic, partition, &first, &end))
        return -1;
    return end;
}

void consumer_mirror(struct consumer *consumer, const struct position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list;

    if (count == 0)
        return;
    list = list_of(consumer, positions, count);
    /* A mirror only: whether it worked does not matter. */
    rd_kafka_commit(consumer->client, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

bool consumer_is_disconnected(const struct consumer *consumer)
{
    return consumer->disconnected;
}
