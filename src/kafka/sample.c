#include "kafka/sample.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"

#define POLL_MS 100
#define WHAT "could not read from the topic"

struct sample {
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int32_t partitions; /* that are being read */
    int64_t *left;      /* messages to read of each, 0 behind its end */
    int32_t unfinished; /* partitions of which some are left */
};

/* A topic may have fewer messages than the sample: without this property the offset before its first one is an error.
 */
static const struct kafka_property sample_properties[] = {{"auto.offset.reset", "earliest"}, {NULL, NULL}};

static void sample_release(struct sample *sample)
{
    for (int32_t i = 0; i < sample->partitions; i++)
        rd_kafka_consume_stop(sample->topic, i);
    if (sample->queue)
        rd_kafka_queue_destroy(sample->queue);
    if (sample->topic)
        rd_kafka_topic_destroy(sample->topic);
    if (sample->client)
        rd_kafka_destroy(sample->client);
    free(sample->left);
}

static int begin(struct sample *sample, const struct config *config, int32_t partitions, struct error *error)
{
    int64_t each = partitions < SAMPLE_MESSAGES ? SAMPLE_MESSAGES / partitions : 1;
    rd_kafka_conf_t *conf;

    if (kafka_configure(config, sample_properties, &conf, error) ||
        kafka_open(RD_KAFKA_CONSUMER, conf, &sample->client, error))
        return -1;
    sample->topic = rd_kafka_topic_new(sample->client, config_text(config, OPTION_TOPIC), NULL);
    sample->queue = rd_kafka_queue_new(sample->client);
    sample->left = memory_new((size_t)partitions, sizeof(*sample->left));
    for (; sample->partitions < partitions; sample->partitions++) {
        if (rd_kafka_consume_start_queue(sample->topic, sample->partitions, RD_KAFKA_OFFSET_TAIL(each), sample->queue))
            return kafka_error(error, rd_kafka_last_error(), WHAT);
        sample->left[sample->partitions] = each;
        sample->unfinished++;
    }
    return 0;
}

/* A message, a partition's end, or an error in its place. */
static int take_raw(struct sample *sample, const rd_kafka_message_t *raw, sample_take take, void *context,
                    struct error *error)
{
    struct message message = message_of(raw);
    int64_t *left;

    if (raw->err && raw->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return kafka_error(error, raw->err, WHAT);
    left = &sample->left[message.partition];
    if (*left == 0)
        return 0;
    if (message.kind == MESSAGE_DATA)
        take(context, &message);
    *left = message.kind == MESSAGE_DATA ? *left - 1 : 0;
    if (*left == 0)
        sample->unfinished--;
    return 0;
}

int sample_read(const struct config *config, int32_t partitions, sample_take take, void *context, struct error *error)
{
    cleanup(sample_release) struct sample sample = {0};
    int64_t deadline = time_monotonic_ms() + KAFKA_ANSWER_TIMEOUT_MS;

    if (begin(&sample, config, partitions, error))
        return -1;
    while (sample.unfinished) {
        rd_kafka_message_t *raw = rd_kafka_consume_queue(sample.queue, POLL_MS);
        int status = raw ? take_raw(&sample, raw, take, context, error) : 0;

        if (raw)
            rd_kafka_message_destroy(raw);
        if (status)
            return -1;
        if (time_monotonic_ms() > deadline || stop_requested())
            return error_set(error, ANT_KAFKA_UNAVAILABLE, WHAT ": %d of %d partitions gave nothing for %d s",
                             (int)sample.unfinished, (int)partitions, KAFKA_ANSWER_TIMEOUT_MS / 1000);
    }
    return 0;
}
