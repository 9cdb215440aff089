#include <inttypes.h>

#include "doctor/subjects.h"
#include "kafka/admin.h"
#include "kafka/topic.h"

#define TOPIC "kafka_topic"
#define PARTITIONS "kafka_partitions"
#define RETENTION "kafka_retention"
#define GROUP "kafka_group"
#define TIMESTAMPS "kafka_timestamps"

#define HOUR_MS ((int64_t)3600 * 1000)

/* An outage over a night must not lose messages. */
#define RETENTION_MIN_MS (24 * HOUR_MS)

const char *const topic_checks[] = {TOPIC, PARTITIONS, RETENTION, TIMESTAMPS, GROUP, NULL};

static void judge_topic(struct doctor *doctor, rd_kafka_t *metadata_client, const char *name)
{
    char id[TOPIC_ID_SIZE];
    struct error error;

    if (topic_id_query(metadata_client, name, KAFKA_ANSWER_TIMEOUT_MS, id, &error))
        found_error(doctor, TOPIC, &error);
    else if (*id)
        found_ok(doctor, TOPIC, "topic \"%s\" exists", name);
    else
        found_warning(doctor, TOPIC, "stop the job before somebody deletes the topic, and give a new --job after it",
                      "topic \"%s\" has no id, as the brokers are older than Kafka 2.8 or of another kind: a job "
                      "cannot notice that the topic was deleted and created again",
                      name);
}

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
        found_unavailable(doctor, PARTITIONS, "start the brokers that hold them",
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

/* Kafka's default is that the sender stamps a message, with any time that it likes. */
static void judge_timestamps(struct doctor *doctor, const struct topic_settings *settings)
{
    if (settings->stamped_by_broker)
        found_ok(doctor, TIMESTAMPS, "the broker stamps messages when they arrive (LogAppendTime)");
    else
        found_warning(doctor, TIMESTAMPS, "set the topic's message.timestamp.type to LogAppendTime",
                      "senders stamp messages (message.timestamp.type=CreateTime): --max-future compares two clocks of "
                      "the sender%s",
                      settings->deleted && settings->retention_ms >= 0
                          ? ", and retention deletes a late event by its sender's time, maybe before it is read"
                          : "");
}

static void examine_group(struct doctor *doctor, rd_kafka_t *metadata_client)
{
    const char *group = config_text(doctor->config, OPTION_JOB);
    struct error error;
    size_t members;

    if (group_query(metadata_client, group, &members, &error) == 0)
        found_ok(doctor, GROUP, "group \"%s\" may be joined; members now: %zu", group, members);
    else if (error_kind(&error) == ERROR_CONFIGURATION)
        found_failed(doctor, GROUP, "give the Kafka user the right to read the group (ACL: Read on Group)",
                     "group \"%s\": %s", group, error.message);
    else
        found_skipped(doctor, GROUP, "%s", error.message);
}

void examine_topic(struct doctor *doctor, rd_kafka_t *metadata_client, const struct rd_kafka_metadata *metadata)
{
    const char *name = config_text(doctor->config, OPTION_TOPIC);
    struct topic_settings settings = {0};
    struct error error;
    int32_t count, leaderless;

    if (kafka_check_topic(metadata, name, &count, &error)) {
        found_failed(doctor, TOPIC, "give the Kafka user the right to read the topic (ACL: Read on Topic)", "%s",
                     error.message);
        found_skipped_all(doctor, topic_checks + 1, "the topic may not be read");
        found_skipped_all(doctor, message_checks, "the topic may not be read");
        return;
    }
    if (count == 0) {
        found_failed(doctor, TOPIC, "check --topic, or create it with as many partitions as workers will read it",
                     "topic \"%s\" does not exist", name);
        found_skipped_all(doctor, topic_checks + 1, "there is no topic");
        found_skipped_all(doctor, message_checks, "there is no topic");
        return;
    }
    judge_topic(doctor, metadata_client, name);
    leaderless = examine_partitions(doctor, &metadata->topics[0]);
    if (topic_settings_query(metadata_client, name, &settings, &error)) {
        found_skipped(doctor, RETENTION, "%s", error.message);
        found_skipped(doctor, TIMESTAMPS, "%s", error.message);
    } else {
        judge_retention(doctor, &settings);
        judge_timestamps(doctor, &settings);
    }
    examine_group(doctor, metadata_client);
    if (leaderless)
        found_skipped_all(doctor, message_checks, "not all partitions can be read");
    else
        examine_messages(doctor, count, settings.stamped_by_broker);
}
