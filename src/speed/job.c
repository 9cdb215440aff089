#include "speed/job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/layout.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/time.h"

/* The parts of --memory-limit, as measured (tests/integration/test_memory.py): program and libraries; each worker's
 * Kafka client, DuckDB and connection; and its pending messages. These count three times: a table that grows is copied
 * to one of twice its size, and data that is being written is still in memory. */
#define PROCESS_MEMORY (48 * MEBIBYTE)
#define WORKER_MEMORY (48 * MEBIBYTE)
#define PENDING_GROWTH 3
#define PENDING_MEMORY_MIN (8 * MEBIBYTE)

static int read_start(struct job *job, struct error *error)
{
    const char *text = config_text(job->config, OPTION_START);

    if (strcmp(text, "earliest") == 0)
        job->start = START_EARLIEST;
    else if (strcmp(text, "latest") == 0)
        job->start = START_LATEST;
    else if (time_parse(text, &job->start_time))
        job->start = START_TIME;
    else {
        error_set(error, ANT_VALUE_INVALID, "invalid value for start: \"%s\"", text);
        return error_hint(error, "give earliest, latest or a time with an offset, such as 2022-02-20T10:00:00Z");
    }
    return 0;
}

static int read_memory_limit(struct job *job, struct error *error)
{
    int64_t workers = config_number(job->config, OPTION_WORKERS), pending;

    if (!config_has(job->config, OPTION_MEMORY_LIMIT))
        return 0;
    pending =
        ((config_number(job->config, OPTION_MEMORY_LIMIT) - PROCESS_MEMORY) / workers - WORKER_MEMORY) / PENDING_GROWTH;
    if (pending < PENDING_MEMORY_MIN) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for memory-limit: %s is too little for %" PRId64 " workers",
                  config_text(job->config, OPTION_MEMORY_LIMIT), workers);
        return error_hint(error, "give at least %" PRId64 " MiB, or fewer --workers",
                          (PROCESS_MEMORY + workers * (WORKER_MEMORY + PENDING_GROWTH * PENDING_MEMORY_MIN)) /
                              MEBIBYTE);
    }
    job->pending_memory = (size_t)pending;
    return 0;
}

/* The same text as that of the other engine (Limits.options in engines/spark/antenna_spark/record.py). */
static char *describe_rules(const struct record_limits *limits)
{
    const char *word = option_table[OPTION_ACCEPT].value, *before = "--accept ";
    struct buffer text = {0};

    for (unsigned bit = 1; bit <= limits->accept; bit <<= 1) {
        size_t size = strcspn(word, "|");

        if (limits->accept & bit) {
            buffer_printf(&text, "%s%.*s", before, (int)size, word);
            before = ",";
        }
        word += size + (word[size] == '|');
    }
    buffer_printf(&text, "%s--max-bytes %" PRId64 " --max-future %" PRId64 "s", text.size ? " " : "", limits->max_bytes,
                  limits->max_future);
    return text.data;
}

int job_init(struct job *job, const struct config *config, struct error *error)
{
    *job = (struct job){
        .config = config,
        .key = {config_text(config, OPTION_JOB), config_text(config, OPTION_TOPIC)},
        .bytes_table = config_text(config, OPTION_JDBC_TABLE),
        .storage_root = config_text(config, OPTION_STORAGE_ROOT),
        .record_limits = {config_number(config, OPTION_MAX_FUTURE) / 1000, config_number(config, OPTION_MAX_BYTES),
                          config_words(config, OPTION_ACCEPT)},
        .rows_limits = {(size_t)config_number(config, OPTION_ROLL_ROWS),
                        (size_t)config_number(config, OPTION_ROLL_BYTES)},
        .commit_interval_ms = config_number(config, OPTION_COMMIT_INTERVAL),
        .catch_up_interval_ms = config_number(config, OPTION_CATCH_UP_INTERVAL),
        .roll_age_ms = config_number(config, OPTION_ROLL_AGE),
        .leave_after_ms = config_number(config, OPTION_LEAVE_AFTER),
        .accept_loss = config_flag(config, OPTION_ACCEPT_LOSS),
        .archive = !config_flag(config, OPTION_NO_ARCHIVE),
    };
    job->archive_path = memory_printf("%s/" LAYOUT_DATA, job->storage_root);
    job->rules = describe_rules(&job->record_limits);
    return read_memory_limit(job, error) || read_start(job, error) ? -1 : 0;
}

void job_release(struct job *job)
{
    if (job->metadata_client)
        rd_kafka_destroy(job->metadata_client);
    job->metadata_client = NULL;
    free(job->archive_path);
    job->archive_path = NULL;
    free(job->rules);
    job->rules = NULL;
    free(job->ends);
    job->ends = NULL;
}

int64_t job_end(const struct job *job, int32_t partition)
{
    for (size_t i = 0; i < job->end_count; i++)
        if (job->ends[i].partition == partition)
            return job->ends[i].totals_offset;
    return -1;
}
