#include "speed/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "metrics/exposition.h"
#include "speed/report.h"

/* The status of all workers, as copies: the answer is written without a lock. */
struct snapshots {
    struct worker_snapshot *list;
    size_t count;
};

static struct snapshots take_snapshots(const struct speed_metrics *metrics)
{
    struct snapshots snapshots = {memory_new(metrics->count, sizeof(*snapshots.list)), metrics->count};

    for (size_t i = 0; i < snapshots.count; i++)
        worker_status_copy(&metrics->workers[i].posted, &snapshots.list[i]);
    return snapshots;
}

static void release_snapshots(struct snapshots *snapshots)
{
    for (size_t i = 0; i < snapshots->count; i++)
        worker_snapshot_release(&snapshots->list[i]);
    free(snapshots->list);
}

int64_t speed_posted_ms(const struct speed_metrics *metrics)
{
    cleanup(release_snapshots) struct snapshots snapshots = take_snapshots(metrics);
    int64_t posted_ms = INT64_MAX;

    for (size_t i = 0; i < snapshots.count; i++)
        posted_ms = snapshots.list[i].posted_ms < posted_ms ? snapshots.list[i].posted_ms : posted_ms;
    return posted_ms;
}

bool speed_is_alive(const struct speed_metrics *metrics, int64_t now_ms, struct buffer *reason)
{
    cleanup(release_snapshots) struct snapshots snapshots = take_snapshots(metrics);

    for (size_t i = 0; i < snapshots.count; i++) {
        int64_t since_ms = now_ms - snapshots.list[i].posted_ms;

        if (snapshots.list[i].posted_ms && since_ms >= ALIVE_MS) {
            buffer_printf(reason, "worker %zu has not come round for %" PRId64 " s", i + 1, since_ms / MS_PER_SECOND);
            return false;
        }
    }
    return true;
}

static bool is_ready(const struct worker_snapshot *snapshot, size_t number, int64_t now_ms, struct buffer *reason)
{
    int64_t since_ms = now_ms - snapshot->posted_ms;

    if (!snapshot->posted_ms)
        buffer_printf(reason, "worker %zu is starting", number);
    else if (*snapshot->reason)
        buffer_text(reason, snapshot->reason);
    else if (since_ms >= READY_MS)
        buffer_printf(reason, "worker %zu has waited for %" PRId64 " s for Kafka, PostgreSQL or the disk", number,
                      since_ms / MS_PER_SECOND);
    else
        return true;
    return false;
}

bool speed_is_ready(const struct speed_metrics *metrics, int64_t now_ms, struct buffer *reason)
{
    cleanup(release_snapshots) struct snapshots snapshots = take_snapshots(metrics);

    for (size_t i = 0; i < snapshots.count; i++)
        if (!is_ready(&snapshots.list[i], i + 1, now_ms, reason))
            return false;
    return true;
}

/* After a stop was requested, workers write pending data and may not post for some time: this must not look like a
 * hang, or a liveness probe would kill the process before the data is written. */
static bool answer_alive(void *context, struct buffer *reason)
{
    return stop_requested() || speed_is_alive(context, time_monotonic_ms(), reason);
}

static bool answer_ready(void *context, struct buffer *reason)
{
    if (!stop_requested())
        return speed_is_ready(context, time_monotonic_ms(), reason);
    buffer_text(reason, "stopping");
    return false;
}

static void write_of_topic(const struct speed_metrics *metrics, struct buffer *text, enum metric_id id, int64_t value)
{
    const struct label labels[] = {{"topic", metrics->job->key.topic}, {NULL, NULL}};

    exposition_begin(text, id);
    exposition_count(text, id, labels, value);
}

static void write_rejected(const struct speed_metrics *metrics, const struct report *report, struct buffer *text)
{
    exposition_begin(text, METRIC_MESSAGES_REJECTED);
    for (int i = 0; i < REJECT_REASONS; i++) {
        const struct label labels[] = {
            {"topic", metrics->job->key.topic}, {"reason", reject_reason_code((enum reject_reason)i)}, {NULL, NULL}};

        exposition_count(text, METRIC_MESSAGES_REJECTED, labels, report->rejected_for[i]);
    }
}

static void write_messages(const struct speed_metrics *metrics, const struct report *report, struct buffer *text)
{
    write_of_topic(metrics, text, METRIC_MESSAGES, report->read);
    write_of_topic(metrics, text, METRIC_MESSAGES_READ_AGAIN, report->read_again);
    write_of_topic(metrics, text, METRIC_MESSAGES_TOTALLED, report->totalled);
    write_rejected(metrics, report, text);
    write_of_topic(metrics, text, METRIC_MESSAGES_ARCHIVED, report->archived);
    write_of_topic(metrics, text, METRIC_BYTES, report->bytes);
    write_of_topic(metrics, text, METRIC_BYTES_ARCHIVED, report->archived_bytes);
}

static void write_time(struct buffer *text, enum metric_id id, int64_t time)
{
    if (time)
        exposition_single(text, id, time);
}

static void write_work(const struct report *report, struct buffer *text)
{
    exposition_histogram(text, METRIC_COMMIT_DURATION, &report->commits);
    write_time(text, METRIC_LAST_COMMIT, report->last_commit);
    exposition_single(text, METRIC_ROWS_UPSERTED, report->rows);
    exposition_histogram(text, METRIC_ROLL_DURATION, &report->rolls);
    write_time(text, METRIC_LAST_ROLL, report->last_roll);
    exposition_single(text, METRIC_ARCHIVE_FILES, report->files);
    exposition_single(text, METRIC_ARCHIVE_FILE_BYTES, report->file_bytes);
}

static void write_trouble(const struct report *report, struct buffer *text)
{
    exposition_single(text, METRIC_OUTAGES, report->outages);
    exposition_single(text, METRIC_POSTGRES_CONNECTS, report->postgres_connects);
    exposition_single(text, METRIC_KAFKA_DISCONNECTS, report->kafka_disconnects);
    exposition_single(text, METRIC_FENCED, report->fenced);
}

static void write_storage(const char *root, struct buffer *text)
{
    struct statvfs status;

    if (statvfs(root, &status))
        return;
    exposition_single(text, METRIC_STORAGE_SIZE, (int64_t)(status.f_blocks * status.f_frsize));
    exposition_single(text, METRIC_STORAGE_FREE, (int64_t)(status.f_bavail * status.f_frsize));
}

/* The value of each partition metric at `now`; -1 if it is unknown, and then left out. */
static int64_t end_offset(const struct partition_snapshot *partition, int64_t now)
{
    (void)now;
    return partition->end_offset;
}

static int64_t totals_offset(const struct partition_snapshot *partition, int64_t now)
{
    (void)now;
    return partition->totals_offset;
}

static int64_t archive_offset(const struct partition_snapshot *partition, int64_t now)
{
    (void)now;
    return partition->archive_offset;
}

static int64_t epoch(const struct partition_snapshot *partition, int64_t now)
{
    (void)now;
    return partition->epoch;
}

static int64_t lag_messages(const struct partition_snapshot *partition, int64_t now)
{
    (void)now;
    return partition->end_offset - partition->totals_offset;
}

static int64_t lag_seconds(const struct partition_snapshot *partition, int64_t now)
{
    if (lag_messages(partition, now) == 0)
        return 0;
    if (!partition->totalled_until)
        return -1;
    return now > partition->totalled_until ? now - partition->totalled_until : 0;
}

static const struct {
    enum metric_id id;
    int64_t (*figure)(const struct partition_snapshot *partition, int64_t now);
} partition_metrics[] = {
    {METRIC_PARTITION_END_OFFSET, end_offset},         {METRIC_PARTITION_TOTALS_OFFSET, totals_offset},
    {METRIC_PARTITION_ARCHIVE_OFFSET, archive_offset}, {METRIC_PARTITION_EPOCH, epoch},
    {METRIC_PARTITION_LAG_MESSAGES, lag_messages},     {METRIC_PARTITION_LAG_SECONDS, lag_seconds},
};

static void write_partition(const struct speed_metrics *metrics, enum metric_id id, int32_t partition, int64_t value,
                            struct buffer *text)
{
    char number[16];
    const struct label labels[] = {{"topic", metrics->job->key.topic}, {"partition", number}, {NULL, NULL}};

    snprintf(number, sizeof(number), "%d", (int)partition);
    exposition_count(text, id, labels, value);
}

static void write_partitions(const struct speed_metrics *metrics, const struct snapshots *snapshots,
                             struct buffer *text)
{
    int64_t now = time_now();

    for (size_t i = 0; i < sizeof(partition_metrics) / sizeof(*partition_metrics); i++) {
        exposition_begin(text, partition_metrics[i].id);
        for (size_t j = 0; j < snapshots->count; j++)
            for (size_t k = 0; k < snapshots->list[j].count; k++) {
                const struct partition_snapshot *partition = &snapshots->list[j].list[k];
                int64_t value = partition_metrics[i].figure(partition, now);

                if (value >= 0)
                    write_partition(metrics, partition_metrics[i].id, partition->id, value, text);
            }
    }
}

static void write_metrics(void *context, struct buffer *text)
{
    const struct speed_metrics *metrics = context;
    struct report report = report_of(metrics->workers, metrics->count);
    cleanup(release_snapshots) struct snapshots snapshots = take_snapshots(metrics);

    exposition_single(text, METRIC_WORKERS, (int64_t)metrics->count);
    write_messages(metrics, &report, text);
    write_work(&report, text);
    write_trouble(&report, text);
    write_storage(metrics->job->storage_root, text);
    write_partitions(metrics, &snapshots, text);
}

int speed_metrics_serve(struct speed_metrics *metrics, struct metrics_server **ret_server, struct error *error)
{
    const struct metrics_source source = {write_metrics, answer_alive, answer_ready, metrics};

    return metrics_server_open(metrics->job->config, &source, ret_server, error);
}
