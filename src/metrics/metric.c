#include "metrics/metric.h"

#define SPEED "speed"
#define BATCH "batch"
#define NOTIFY "notify"
#define SERVICES "speed, batch, notify"
#define PARTITION "topic, partition"

// One metric a row reads better than what the formatter makes of designated initialisers.
// clang-format off
const struct metric metric_table[METRIC_IDS] = {
    [METRIC_BUILD_INFO] = {"antenna_build_info", METRIC_GAUGE, "command, version", SERVICES,
        "1, with the command that runs and its version."},
    [METRIC_READY] = {"antenna_ready", METRIC_GAUGE, "", SERVICES,
        "1 when /readyz says so, else 0."},
    [METRIC_OUTAGES] = {"antenna_outages_total", METRIC_COUNTER, "", SERVICES,
        "Times that work had to wait for Kafka, PostgreSQL or the disk, each until it went on."},
    [METRIC_POSTGRES_CONNECTS] = {"antenna_postgres_connects_total", METRIC_COUNTER, "", SERVICES,
        "Connections opened to PostgreSQL for the work; all but the first of each worker are reconnections."},
    [METRIC_KAFKA_DISCONNECTS] = {"antenna_kafka_disconnects_total", METRIC_COUNTER, "", SPEED,
        "Times that a worker no longer reached any Kafka broker."},
    [METRIC_FENCED] = {"antenna_fenced_total", METRIC_COUNTER, "", SPEED,
        "Times that a worker found one of its partitions taken over by another, and dropped what it held."},
    [METRIC_WORKERS] = {"antenna_workers", METRIC_GAUGE, "", SPEED,
        "Worker threads."},
    [METRIC_MESSAGES] = {"antenna_messages_total", METRIC_COUNTER, "topic", SPEED,
        "Messages read from Kafka."},
    [METRIC_MESSAGES_READ_AGAIN] = {"antenna_messages_read_again_total", METRIC_COUNTER, "topic", SPEED,
        "Of these, messages that were in the totals already and were read again for the archive."},
    [METRIC_MESSAGES_TOTALLED] = {"antenna_messages_totalled_total", METRIC_COUNTER, "topic", SPEED,
        "Messages whose bytes are in the totals, committed."},
    [METRIC_MESSAGES_REJECTED] = {"antenna_messages_rejected_total", METRIC_COUNTER, "topic, reason", SPEED,
        "Invalid messages, committed."},
    [METRIC_MESSAGES_ARCHIVED] = {"antenna_messages_archived_total", METRIC_COUNTER, "topic", SPEED,
        "Messages that are in the archive, listed and published."},
    [METRIC_BYTES] = {"antenna_bytes_total", METRIC_COUNTER, "topic", SPEED,
        "Bytes of the antennas' traffic that are in the totals, committed."},
    [METRIC_BYTES_ARCHIVED] = {"antenna_bytes_archived_total", METRIC_COUNTER, "topic", SPEED,
        "Bytes of the antennas' traffic that are in the archive, listed and published."},
    [METRIC_COMMIT_DURATION] = {"antenna_commit_duration_seconds", METRIC_HISTOGRAM, "", SPEED,
        "Time that commits of totals to PostgreSQL took."},
    [METRIC_LAST_COMMIT] = {"antenna_last_commit_timestamp_seconds", METRIC_GAUGE, "", SPEED,
        "When totals were committed last, since the Unix epoch; not there before the first commit."},
    [METRIC_ROWS_UPSERTED] = {"antenna_rows_upserted_total", METRIC_COUNTER, "", SPEED,
        "Rows of totals inserted or added to, committed."},
    [METRIC_ROLL_DURATION] = {"antenna_roll_duration_seconds", METRIC_HISTOGRAM, "", SPEED,
        "Time from the beginning of a roll until its Parquet files are published; reading goes on meanwhile."},
    [METRIC_LAST_ROLL] = {"antenna_last_roll_timestamp_seconds", METRIC_GAUGE, "", SPEED,
        "When the last roll ended, since the Unix epoch; not there before the first roll."},
    [METRIC_ARCHIVE_FILES] = {"antenna_archive_files_total", METRIC_COUNTER, "", SPEED,
        "Parquet files written and published."},
    [METRIC_ARCHIVE_FILE_BYTES] = {"antenna_archive_file_bytes_total", METRIC_COUNTER, "", SPEED,
        "Size of these files."},
    [METRIC_STORAGE_SIZE] = {"antenna_storage_size_bytes", METRIC_GAUGE, "", SPEED,
        "Size of the file system of the archive."},
    [METRIC_STORAGE_FREE] = {"antenna_storage_free_bytes", METRIC_GAUGE, "", SPEED,
        "Bytes of it that the job may still use."},
    [METRIC_PARTITION_END_OFFSET] = {"antenna_partition_end_offset", METRIC_GAUGE, PARTITION, SPEED,
        "Where the partition ends, as Kafka said last."},
    [METRIC_PARTITION_TOTALS_OFFSET] = {"antenna_partition_totals_offset", METRIC_GAUGE, PARTITION, SPEED,
        "The next message for the totals: all before it are committed."},
    [METRIC_PARTITION_ARCHIVE_OFFSET] = {"antenna_partition_archive_offset", METRIC_GAUGE, PARTITION, SPEED,
        "The next message for the archive: all before it are published."},
    [METRIC_PARTITION_EPOCH] = {"antenna_partition_epoch", METRIC_GAUGE, PARTITION, SPEED,
        "The epoch of the worker's claim, which grows with each claim."},
    [METRIC_PARTITION_LAG_MESSAGES] = {"antenna_partition_lag_messages", METRIC_GAUGE, PARTITION, SPEED,
        "Messages that the partition has and the totals have not."},
    [METRIC_PARTITION_LAG_SECONDS] = {"antenna_partition_lag_seconds", METRIC_GAUGE, PARTITION, SPEED,
        "Lag of the totals behind the clock in event time, 0 when no message waits; not there before the first "
        "commit of a claim."},
    [METRIC_BATCH_RUNS] = {"antenna_batch_runs_total", METRIC_COUNTER, "result", BATCH,
        "Runs of hours, by result: done or failed; of an hour that is done a failed compaction counts too."},
    [METRIC_BATCH_RUN_DURATION] = {"antenna_batch_run_duration_seconds", METRIC_HISTOGRAM, "", BATCH,
        "Time that runs of hours took, those that failed included."},
    [METRIC_BATCH_ROWS] = {"antenna_batch_rows_total", METRIC_COUNTER, "", BATCH,
        "Rows of the archive that were read by runs that are done."},
    [METRIC_BATCH_BYTES] = {"antenna_batch_bytes_total", METRIC_COUNTER, "", BATCH,
        "Bytes of the antennas' traffic in these rows."},
    [METRIC_BATCH_PENDING_RUNS] = {"antenna_batch_pending_runs", METRIC_GAUGE, "", BATCH,
        "Runs that are due: of hours that are sealed, and new or changed by late events, and not run yet."},
    [METRIC_BATCH_LAST_LOOK] = {"antenna_batch_last_look_timestamp_seconds", METRIC_GAUGE, "", BATCH,
        "When PostgreSQL said last which hours are pending, since the Unix epoch; not there before the first time."},
    [METRIC_NOTICES] = {"antenna_notices_total", METRIC_COUNTER, "result", NOTIFY,
        "Notices by result: sent, put_off until another attempt, skipped as they would say nothing, or dead, which are given up."},
    [METRIC_NOTICE_DURATION] = {"antenna_notice_duration_seconds", METRIC_HISTOGRAM, "", NOTIFY,
        "Time that attempts to send a notice took."},
    [METRIC_NOTICES_WAITING] = {"antenna_notices_waiting", METRIC_GAUGE, "", NOTIFY,
        "Notices in antenna.notice that wait to be sent, or for another attempt; not there before the first look."},
    [METRIC_NOTICES_DEAD] = {"antenna_notices_dead", METRIC_GAUGE, "", NOTIFY,
        "Notices in antenna.notice that were given up; not there before the first look."},
    [METRIC_NOTICES_LAST_LOOK] = {"antenna_notices_last_look_timestamp_seconds", METRIC_GAUGE, "", NOTIFY,
        "When PostgreSQL said last which notices are due, since the Unix epoch; not there before the first time."},
    [METRIC_SILENT_ANTENNAS] = {"antenna_silent_antennas", METRIC_GAUGE, "", NOTIFY,
        "Antennas that are silent, as antenna.silent_antennas has them; not there while they cannot be judged, as totals are behind."},
    [METRIC_PROCESS_CPU] = {"process_cpu_seconds_total", METRIC_COUNTER, "", SERVICES,
        "CPU time of the process, of user and system together."},
    [METRIC_PROCESS_RESIDENT_MEMORY] = {"process_resident_memory_bytes", METRIC_GAUGE, "", SERVICES,
        "Memory of the process that is resident."},
    [METRIC_PROCESS_VIRTUAL_MEMORY] = {"process_virtual_memory_bytes", METRIC_GAUGE, "", SERVICES,
        "Address space of the process."},
    [METRIC_PROCESS_OPEN_FDS] = {"process_open_fds", METRIC_GAUGE, "", SERVICES,
        "Open file descriptors."},
    [METRIC_PROCESS_MAX_FDS] = {"process_max_fds", METRIC_GAUGE, "", SERVICES,
        "File descriptors that may be open; not there when there is no limit."},
    [METRIC_PROCESS_START_TIME] = {"process_start_time_seconds", METRIC_GAUGE, "", SERVICES,
        "When the process was started, since the Unix epoch."},
};
// clang-format on

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};

    return names[type];
}

void metric_markdown(FILE *file)
{
    fputs(
        "# Metrics\n\n"
        "What `/metrics` of `antenna speed --listen`, `antenna batch --follow --listen` and `antenna notify --follow\n"
        "--listen` serves, in Prometheus' text format 0.0.4. Written by `make reference` from the table of metrics. "
        "How to scrape, which alerts and which\n"
        "dashboard there are: [operators' guide](operators.md#monitoring).\n\n"
        "Counters begin with 0 at the start of a process; what is durable is in PostgreSQL and survives it.\n\n"
        "| metric | type | labels | of | meaning |\n| --- | --- | --- | --- | --- |\n",
        file);
    for (size_t i = 0; i < METRIC_IDS; i++) {
        const struct metric *metric = &metric_table[i];

        fprintf(file, "| `%s` | %s | %s | %s | %s |\n", metric->name, metric_type_name(metric->type), metric->labels,
                metric->commands, metric->help);
    }
}
