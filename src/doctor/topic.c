#include <inttypes.h>

#include "base/buffer.h"
#include "base/time.h"
#include "doctor/subjects.h"
#include "kafka/group.h"
#include "kafka/sample.h"
#include "kafka/topic_settings.h"
#include "record/record.h"

#define TOPIC "kafka_topic"
#define PARTITIONS "kafka_partitions"
#define RETENTION "kafka_retention"
#define GROUP "kafka_group"
#define MESSAGES "kafka_messages"
#define CLOCK "kafka_clock"

/* Messages that are looked at, of all partitions together, and of each at least. */
#define SAMPLE_MESSAGES 200

#define HOUR_MS ((int64_t)3600 * 1000)

/* An outage over a night must not lose messages. */
#define RETENTION_MIN_MS (24 * HOUR_MS)

/* Seconds by which a message may seem to come from the future: its stamp is a whole second, and clocks differ a bit. */
#define AHEAD_MAX 2

const char *const topic_checks[] = {TOPIC, PARTITIONS, RETENTION, GROUP, MESSAGES, CLOCK, NULL};

static const char *const message_checks[] = {MESSAGES, CLOCK, NULL};

/* What the last messages are like. */
struct look {
    struct decoder decoder;
    int64_t messages;
    int64_t rejected;
    struct reject first; /* of those, and where it is: */
    int32_t first_partition;
    int64_t first_offset;
    int64_t newest; /* arrival; -1 without any */
};

/* Returns how many have no leader. */
static int examine_partitions(struct doctor *doctor, const struct rd_kafka_metadata_topic *topic)
{
    int64_t workers = config_number(doctor->config, OPTION_WORKERS);
    int leaderless = 0, behind = 0;

    for (int i = 0; i < topic->partition_cnt; i++) {
        leaderless += topic->partitions[i].leader < 0;
        behind += topic->partitions[i].isr_cnt < topic->partitions[i].replica_cnt;
    }
    if (leaderless)
        found_failed(doctor, PARTITIONS, "start the brokers that hold them",
                     "%d of %d partitions have no leader: they can neither be read nor written", leaderless,
                     topic->partition_cnt);
    else if (behind)
        found_warning(doctor, PARTITIONS, "look for a broker that is away or too slow",
                      "%d of %d partitions have replicas that are not in sync", behind, topic->partition_cnt);
    else if (workers > topic->partition_cnt)
        found_warning(doctor, PARTITIONS, "give the topic more partitions, or start fewer --workers",
                      "%d partitions for %" PRId64 " workers: %" PRId64 " of them have nothing to read",
                      topic->partition_cnt, workers, workers - topic->partition_cnt);
    else
        found_ok(doctor, PARTITIONS, "%d partitions, --workers is %" PRId64, topic->partition_cnt, workers);
    return leaderless;
}

static void judge_retention(struct doctor *doctor, const struct topic_settings *settings)
{
    if (settings->compacted)
        found_warning(doctor, RETENTION, "set the topic's cleanup.policy to delete",
                      "the topic is compacted: of messages with the same key all but the last are lost");
    else if (settings->deleted && settings->retention_bytes >= 0)
        found_warning(doctor, RETENTION, "set the topic's retention.bytes to -1, or know that the disk decides",
                      "of a partition only the last %" PRId64 " bytes are kept: how long an outage may last depends on "
                      "the traffic",
                      settings->retention_bytes);
    else if (settings->deleted && settings->retention_ms >= 0 && settings->retention_ms < RETENTION_MIN_MS)
        found_warning(doctor, RETENTION, "set the topic's retention.ms to more than the longest outage to be survived",
                      "messages are kept for %.1f hours: those that are not read by then are lost",
                      (double)settings->retention_ms / HOUR_MS);
    else if (settings->deleted && settings->retention_ms >= 0)
        found_ok(doctor, RETENTION, "messages are kept for %" PRId64 " hours", settings->retention_ms / HOUR_MS);
    else
        found_ok(doctor, RETENTION, "messages are kept for ever");
}

static void examine_group(struct doctor *doctor, rd_kafka_t *inquirer)
{
    const char *group = config_text(doctor->config, OPTION_JOB);
    struct error error;
    size_t members;

    if (group_query(inquirer, group, &members, &error) == 0)
        found_ok(doctor, GROUP, "group \"%s\" may be joined; members now: %zu", group, members);
    else if (error.kind == ERROR_MISTAKE)
        found_failed(doctor, GROUP, "give the Kafka user the right to read the group (ACL: Read on Group)",
                     "group \"%s\": %s", group, error.message);
    else
        found_skipped(doctor, GROUP, "%s", error.message);
}

static void look_at(void *context, const struct message *message)
{
    struct look *look = context;
    struct record record;
    struct reject reject;

    look->messages++;
    if (message->arrival > look->newest)
        look->newest = message->arrival;
    if (parse_json_data(&look->decoder, message->data, message->size, message->arrival, &record, &reject) == 0)
        return;
    if (look->rejected++)
        return;
    look->first = reject;
    look->first_partition = message->partition;
    look->first_offset = message->offset;
}

static void judge_messages(struct doctor *doctor, const struct look *look)
{
    cleanup(buffer_release) struct buffer text = {0};

    if (look->messages == 0) {
        found_skipped(doctor, MESSAGES, "the topic is empty");
        return;
    }
    if (look->rejected == 0) {
        found_ok(doctor, MESSAGES, "the last %" PRId64 " are events", look->messages);
        return;
    }
    buffer_printf(&text,
                  "of the last %" PRId64 " messages %" PRId64 " are no events, such as partition %d, offset %" PRId64
                  ": %s: %s",
                  look->messages, look->rejected, (int)look->first_partition, look->first_offset,
                  reject_reason_code(look->first.reason), look->first.detail);
    if (look->rejected == look->messages)
        found_failed(doctor, MESSAGES, "check that --topic is the topic of the antennas' events", "%s", text.data);
    else
        found_warning(doctor, MESSAGES, "look at antenna.rejected, and mend what sends them", "%s", text.data);
}

static void judge_clock(struct doctor *doctor, const struct look *look, bool stamped_by_broker)
{
    int64_t ahead = look->newest - time_now();
    const char *who = stamped_by_broker ? "the broker" : "its sender";

    if (look->newest < 0)
        found_skipped(doctor, CLOCK, "no message tells the time");
    else if (ahead > AHEAD_MAX)
        found_warning(doctor, CLOCK,
                      "have one source of time (NTP) set the clocks of this machine, brokers and senders",
                      "the newest message was stamped by %s %" PRId64 " s from now: a clock is wrong", who, ahead);
    else
        found_ok(doctor, CLOCK, "the newest message was stamped by %s %" PRId64 " s ago", who, ahead < 0 ? -ahead : 0);
}

static void examine_messages(struct doctor *doctor, int32_t partitions, bool stamped_by_broker)
{
    struct look look = {.newest = -1};
    struct error error;
    int64_t each = SAMPLE_MESSAGES / partitions;

    decoder_init(&look.decoder, (struct record_limits){config_number(doctor->config, OPTION_MAX_FUTURE) / 1000,
                                                       config_number(doctor->config, OPTION_MAX_BYTES)});
    if (sample_read(doctor->config, partitions, each ? each : 1, look_at, &look, &error)) {
        found_error(doctor, MESSAGES, &error);
        found_skipped(doctor, CLOCK, "no message tells the time");
    } else {
        judge_messages(doctor, &look);
        judge_clock(doctor, &look, stamped_by_broker);
    }
    decoder_release(&look.decoder);
}

void examine_topic(struct doctor *doctor, rd_kafka_t *inquirer, const struct rd_kafka_metadata *metadata)
{
    const char *name = config_text(doctor->config, OPTION_TOPIC);
    struct topic_settings settings = {0};
    struct error error;
    int32_t count, leaderless;

    if (kafka_check_topic(metadata, name, &count, &error)) {
        found_failed(doctor, TOPIC, "give the Kafka user the right to read the topic (ACL: Read on Topic)", "%s",
                     error.message);
        found_skipped_all(doctor, topic_checks + 1, "the topic may not be read");
        return;
    }
    if (count == 0) {
        found_failed(doctor, TOPIC, "check --topic, or create it with as many partitions as workers will read it",
                     "topic \"%s\" does not exist", name);
        found_skipped_all(doctor, topic_checks + 1, "there is no topic");
        return;
    }
    found_ok(doctor, TOPIC, "topic \"%s\" exists", name);
    leaderless = examine_partitions(doctor, &metadata->topics[0]);
    if (topic_settings_query(inquirer, name, &settings, &error))
        found_skipped(doctor, RETENTION, "%s", error.message);
    else
        judge_retention(doctor, &settings);
    examine_group(doctor, inquirer);
    if (leaderless)
        found_skipped_all(doctor, message_checks, "not all partitions can be read");
    else
        examine_messages(doctor, count, settings.stamped_by_broker);
}
