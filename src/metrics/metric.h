/*
 * The metric table: the single truth for the names, types and words of /metrics and for docs/metrics.md. Names follow
 * Prometheus' conventions: base units, `_total` behind what only grows. To add a metric: a name in `enum metric_id`, a
 * row in metric.c, and a sample where the job writes its own.
 */
#ifndef ANTENNA_METRICS_METRIC_H
#define ANTENNA_METRICS_METRIC_H

#include <stdio.h>

enum metric_id {
    METRIC_BUILD_INFO,
    METRIC_READY,
    METRIC_OUTAGES,
    METRIC_POSTGRES_CONNECTS,
    METRIC_KAFKA_DISCONNECTS,
    METRIC_FENCED,
    METRIC_WORKERS,
    METRIC_MESSAGES,
    METRIC_MESSAGES_READ_AGAIN,
    METRIC_MESSAGES_TOTALLED,
    METRIC_MESSAGES_REJECTED,
    METRIC_MESSAGES_ARCHIVED,
    METRIC_BYTES,
    METRIC_BYTES_ARCHIVED,
    METRIC_COMMIT_DURATION,
    METRIC_LAST_COMMIT,
    METRIC_ROWS_UPSERTED,
    METRIC_ROLL_DURATION,
    METRIC_LAST_ROLL,
    METRIC_ARCHIVE_FILES,
    METRIC_ARCHIVE_FILE_BYTES,
    METRIC_STORAGE_SIZE,
    METRIC_STORAGE_FREE,
    METRIC_PARTITION_END_OFFSET,
    METRIC_PARTITION_TOTALS_OFFSET,
    METRIC_PARTITION_ARCHIVE_OFFSET,
    METRIC_PARTITION_EPOCH,
    METRIC_PARTITION_LAG_MESSAGES,
    METRIC_PARTITION_LAG_SECONDS,
    METRIC_BATCH_RUNS,
    METRIC_BATCH_RUN_DURATION,
    METRIC_BATCH_ROWS,
    METRIC_BATCH_BYTES,
    METRIC_BATCH_PENDING_RUNS,
    METRIC_BATCH_LAST_LOOK,
    METRIC_NOTICES,
    METRIC_NOTICE_DURATION,
    METRIC_NOTICES_WAITING,
    METRIC_NOTICES_DEAD,
    METRIC_NOTICES_LAST_LOOK,
    METRIC_SILENT_ANTENNAS,
    METRIC_PROCESS_CPU,
    METRIC_PROCESS_RESIDENT_MEMORY,
    METRIC_PROCESS_VIRTUAL_MEMORY,
    METRIC_PROCESS_OPEN_FDS,
    METRIC_PROCESS_MAX_FDS,
    METRIC_PROCESS_START_TIME,
    METRIC_IDS, /* how many there are */
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
    const char *name;
    enum metric_type type;
    const char *labels;   /* separated by commas, or "" */
    const char *commands; /* that serve it */
    const char *help;     /* one line, without a full stop in it but at its end */
};

/** Indexed by metric_id. */
extern const struct metric metric_table[METRIC_IDS];

/** The type as TYPE lines name it. */
const char *metric_type_name(enum metric_type type);

/** Writes docs/metrics.md. */
void metric_markdown(FILE *file);

#endif
