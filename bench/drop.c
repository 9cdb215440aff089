/*
 * The ceiling of `antenna speed`: librdkafka with the consumer settings and the allocator of antenna reads a topic from
 * its first message to the end, by the same calls, and drops what it reads. No group is joined. Prints the number of
 * messages and their bytes.
 *
 * usage: bench-drop <bootstrap servers> <topic>
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kafka/consumer.h"

/* A read waits until it has all that it may take, so a longer wait would be added at the topic's end. */
#define WAIT_MS 10

static void end(const char *what, const char *why)
{
    fprintf(stderr, "bench-drop: %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[512];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
        end("invalid setting", reason);
}

static rd_kafka_t *open_client(const char *servers)
{
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;

    for (const struct property *property = property_table; property->name; property++)
        if (property->value && (property->roles & PROPERTY_READER))
            set(conf, property->name, property->value);
    set(conf, "bootstrap.servers", servers);
    set(conf, "group.id", "bench-drop");
    set(conf, "log_level", "3"); /* librdkafka warns of auto.commit.enable, and what is printed is the result */
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (!client)
        end("could not make a client", reason);
    rd_kafka_poll_set_consumer(client);
    return client;
}

/* Returns the number of partitions that are read from now on. */
static int assign_all(rd_kafka_t *client, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, topic, &metadata, KAFKA_ANSWER_TIMEOUT_MS);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int count;

    if (code || metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0)
        end("could not ask for the topic", code ? rd_kafka_err2str(code) : "it is not there");
    count = metadata->topics[0].partition_cnt;
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, name, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    code = rd_kafka_assign(client, list);
    if (code)
        end("could not begin to read", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return count;
}

int main(int argc, char **argv)
{
    static rd_kafka_message_t *messages[CONSUMER_READ_MAX];
    int64_t count = 0, bytes = 0;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int unfinished;

    if (argc != 3)
        end("usage", "bench-drop <bootstrap servers> <topic>");
    client = open_client(argv[1]);
    queue = rd_kafka_queue_get_consumer(client);
    unfinished = assign_all(client, argv[2]);
    while (unfinished > 0) {
        ssize_t read = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, CONSUMER_READ_MAX);

        for (ssize_t i = 0; i < read; i++) {
            const rd_kafka_message_t *message = messages[i];

            if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                unfinished--;
            } else if (message->err) {
                end("could not read", rd_kafka_message_errstr(message));
            } else {
                count++;
                bytes += (int64_t)message->len;
            }
            rd_kafka_message_destroy(messages[i]);
        }
    }
    printf("%" PRId64 " messages, %" PRId64 " bytes\n", count, bytes);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
