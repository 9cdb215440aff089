#include "batch/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/time.h"
#include "metrics/server.h"
#include "postgres/schema.h"

/* The longest range of one call, a century: event times end in 2100, so that more is a typing error. */
#define RANGE_HOURS_MAX (100 * 366 * 24)

/* With --follow an hour that failed is left alone for a minute. Most causes need an operator, such as a missing file,
 * and each attempt scans the hour. */
#define RETRY_FAILED_MS 60000

int batch_check_range(int64_t from, int64_t to, struct error *error)
{
    if (to < from)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for to: it lies before the first hour");
    if ((to - from) / SECONDS_PER_HOUR > RANGE_HOURS_MAX)
        return error_set(error, ANT_VALUE_INVALID, "the range has more than %d hours", RANGE_HOURS_MAX);
    return 0;
}

static int read_range(struct batch_job *job, const struct config *config, struct error *error)
{
    const char *hour = config_text(config, OPTION_HOUR);
    int64_t time = RECORD_TIME_MIN;

    job->tools.pending = config_flag(config, OPTION_PENDING) || config_flag(config, OPTION_FOLLOW);
    if (strcmp(hour, "-") == 0 && !job->tools.pending) {
        error_set(error, ANT_ARGUMENT_MISSING,
                  "invalid value for hour: \"-\" names none without --pending or --follow");
        return error_hint(error, "give a time, such as 2022-02-20T10:00:00Z, or --pending for all pending hours, "
                                 "or --follow for what comes, too");
    }
    if (strcmp(hour, "-") != 0 && (!time_parse(hour, &time) || time < 0)) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for hour: \"%s\"", hour);
        return error_hint(error, "give an ISO-8601 time with an offset, such as 2022-02-20T10:00:00Z");
    }
    job->from = time_hour(time);
    job->to = job->tools.pending ? RECORD_TIME_END - SECONDS_PER_HOUR : job->from;
    if (config_has(config, OPTION_TO))
        job->to = time_hour(config_number(config, OPTION_TO));
    return batch_check_range(job->from, job->to, error);
}

/* Limits of retention need --follow: they make the service remove what is old, which antenna prune does once. */
static int read_limits(struct batch_job *job, const struct config *config, struct error *error)
{
    prune_read_limits(config, &job->limits, &job->prunes);
    if (!job->prunes)
        return 0;
    if (!config_flag(config, OPTION_FOLLOW)) {
        error_set(error, ANT_OPTIONS_CONFLICT, "could not remove what is old: --follow is missing");
        return error_hint(error, "run antenna prune, which removes it once");
    }
    if (job->limits.seconds[PRUNE_ARCHIVE] == PRUNE_FOR_EVER || job->tools.input.storage_path)
        return 0;
    return error_set(error, ANT_OPTIONS_CONFLICT,
                     "could not use --archive-older-than: storage-path \"-\" names no archive");
}

static int refuse_without_bookkeeping(const struct config *config, struct error *error)
{
    static const enum option_id options[] = {OPTION_PENDING, OPTION_FOLLOW, OPTION_REQUIRE_SEALED, OPTION_COMPACT};

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (config_flag(config, options[i])) {
            error_set(error, ANT_DATA_SET_UNKNOWN,
                      "could not use --%s: the database has no schema antenna, which has the "
                      "hours that are complete",
                      option_table[options[i]].name);
            return error_hint(error, "run antenna provision, or name the hours");
        }
    return 0;
}

/* Options about unlisted files have no effect if none is read: the operator expects them to have one. */
static int refuse_unused_options(const struct batch_job *job, const struct config *config, struct error *error)
{
    static const enum option_id options[] = {OPTION_TIME_ZONE, OPTION_BY_TIMESTAMP, OPTION_INVALID_ROWS};

    if (input_reads_foreign(&job->tools.input))
        return 0;
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (config_source(config, options[i]) == SOURCE_ARGUMENT) {
            error_set(error, ANT_OPTIONS_CONFLICT, "could not use --%s: only files that are listed are read",
                      option_table[options[i]].name);
            return error_hint(error, "give --all-files or --old-storage-path, too");
        }
    return 0;
}

static int check_database(struct batch_job *job, const struct config *config, struct error *error)
{
    if (schema_has_bookkeeping(job->tools.postgres, &job->tools.bookkeeping, error))
        return -1;
    if (job->tools.bookkeeping && refuse_unused_options(job, config, error))
        return -1;
    if (job->tools.bookkeeping)
        return schema_check(job->tools.postgres, config, error) ||
                       input_check_archive(&job->tools.input, job->tools.postgres,
                                           config_flag(config, OPTION_ADOPT_ARCHIVE), job->archive_id, error)
                   ? -1
                   : 0;
    return refuse_without_bookkeeping(config, error) ? -1 : schema_check_columns(job->tools.postgres, config, error);
}

int batch_job_open(struct batch_job *job, const struct config *config, const struct batch_listener *listener,
                   struct error *error)
{
    struct reader_settings settings = {
        .memory_limit = config_has(config, OPTION_MEMORY_LIMIT) ? config_number(config, OPTION_MEMORY_LIMIT) : 0};

    *job = (struct batch_job){.tools = {.config = config}, .listener = listener};
    batch_metrics_init(&job->metrics);
    if (read_range(job, config, error) || metrics_server_check(config, error) ||
        input_read_rule(config, &job->tools.input, error) || read_limits(job, config, error))
        return -1;
    settings.storage_path = job->tools.input.storage_path;
    if (reader_open(&settings, &job->tools.reader, error) ||
        input_check_rule(&job->tools.input, job->tools.reader, error))
        return -1;
    return batch_job_connect(job, error);
}

int batch_job_connect(struct batch_job *job, struct error *error)
{
    if (job->tools.postgres)
        return 0;
    if (login(job->tools.config, &job->tools.postgres, error))
        return -1;
    counter_add(&job->metrics.postgres_connects, 1);
    return check_database(job, job->tools.config, error);
}

void batch_job_turn(struct batch_job *job)
{
    batch_metrics_turn(&job->metrics);
    notify_alive();
}

void batch_job_release(struct batch_job *job)
{
    reader_close(job->tools.reader);
    postgres_close(job->tools.postgres);
    free(job->failed);
    batch_metrics_release(&job->metrics);
}

static int list_range(const struct batch_job *job, struct hour_list *ret_hours)
{
    ret_hours->count = (size_t)((job->to - job->from) / SECONDS_PER_HOUR) + 1;
    ret_hours->list = memory_new(ret_hours->count, sizeof(*ret_hours->list));
    for (size_t i = 0; i < ret_hours->count; i++)
        /* Without bookkeeping it is unknown whether more rows are expected. The operator has named the hour. */
        ret_hours->list[i] = (struct hour_entry){.hour = job->from + (int64_t)i * SECONDS_PER_HOUR, .sealed = true};
    return 0;
}

static int require_sealed(const struct hour_list *hours, struct error *error)
{
    char text[TIME_TEXT_SIZE];

    for (size_t i = 0; i < hours->count; i++) {
        if (hours->list[i].sealed)
            continue;
        error_set(error, ANT_HOUR_INCOMPLETE, "the hour %s is not sealed: not every partition is archived past its end",
                  time_format(hours->list[i].hour, text));
        return error_hint(error, "wait for antenna speed, whose progress antenna.freshness shows, or leave out "
                                 "--require-sealed for provisional totals");
    }
    return 0;
}

/* Hours whose totals did not come from this archive are left alone. Logged when their number changes, not at each look.
 */
static int log_held(struct batch_job *job, struct error *error)
{
    int64_t held;

    if (hours_count_held(job->tools.postgres, job->from, job->to, &held, error))
        return -1;
    if (held && held != job->held)
        log_line(
            LEVEL_WARNING,
            "%lld hours are held: their totals did not come from this archive alone, which has more rows of them; name "
            "an hour with --allow-less to process it",
            (long long)held);
    job->held = held;
    return 0;
}

int batch_job_hours(struct batch_job *job, struct hour_list *ret_hours, struct error *error)
{
    if (identity_probe(job->tools.input.storage_path, job->archive_id, error))
        return -1;
    if (!job->tools.bookkeeping)
        return list_range(job, ret_hours);
    if (job->tools.pending)
        return hours_pending(job->tools.postgres, job->from, job->to, input_reads_foreign(&job->tools.input), ret_hours,
                             error) ||
                       log_held(job, error)
                   ? -1
                   : 0;
    if (hours_in_range(job->tools.postgres, job->from, job->to, ret_hours, error))
        return -1;
    return config_flag(job->tools.config, OPTION_REQUIRE_SEALED) ? require_sealed(ret_hours, error) : 0;
}

static struct failed_hour *find_failed(struct batch_job *job, int64_t hour)
{
    for (size_t i = 0; i < job->failed_count; i++)
        if (job->failed[i].hour == hour)
            return &job->failed[i];
    return NULL;
}

static void count_failure(struct batch_job *job, const struct error *reason)
{
    error_keep_worst(&job->failure, reason);
    job->summary.failed++;
    counter_add(&job->metrics.failed, 1);
}

static void note_failure(struct batch_job *job, int64_t hour, const struct error *reason)
{
    struct failed_hour *failed = find_failed(job, hour);
    char text[TIME_TEXT_SIZE];

    if (!failed) {
        log_error(LEVEL_ERROR, reason, "the hour %s is left as it was: %s", time_format(hour, text),
                  error_show(reason).text);
        job->failed = memory_resize(job->failed, job->failed_count + 1, sizeof(*job->failed));
        failed = &job->failed[job->failed_count++];
    }
    *failed = (struct failed_hour){hour, time_monotonic_ms() + RETRY_FAILED_MS};
    count_failure(job, reason);
}

static void note_done(struct batch_job *job, const struct batch_report *report)
{
    struct batch_metrics *metrics = &job->metrics;

    job->summary.hours++;
    counter_add(&metrics->done, 1);
    counter_add(&metrics->rows, report->rows);
    counter_add(&metrics->bytes, report->bytes);
    counter_add(&metrics->pending, -1);
}

static void clear_failure(struct batch_job *job, int64_t hour)
{
    struct failed_hour *failed = find_failed(job, hour);

    if (failed)
        *failed = job->failed[--job->failed_count];
}

/* Runs after the transaction of the totals, so that a failure of compaction leaves them committed. */
static int compact(struct batch_job *job, const struct hour_entry *entry, struct batch_report *report,
                   struct error *error)
{
    const struct rewrite_tools tools = {job->tools.postgres, job->tools.reader,
                                        config_text(job->tools.config, OPTION_STORAGE_PATH),
                                        (enum parquet_codec)config_number(job->tools.config, OPTION_COMPRESSION)};

    if (!config_flag(job->tools.config, OPTION_COMPACT))
        return 0;
    return compact_hour(&tools, entry, &report->compact, error);
}

/* The failure of an hour stops the others only if the connection is lost. */
static int run_hour(struct batch_job *job, const struct hour_entry *entry, bool alone, struct error *error)
{
    struct batch_report report;
    int done = batch_hour(&job->tools, entry, &report, error);

    if (done > 0) {
        postgres_rollback(job->tools.postgres);
        return 0;
    }
    if (done == 0) {
        int status = compact(job, entry, &report, error);

        clear_failure(job, entry->hour);
        note_done(job, &report);
        bar_end(&job->bar);
        job->listener->hour_done(job->listener->context, &report);
        if (!status || alone || !postgres_is_connected(job->tools.postgres))
            return status;
        log_error(LEVEL_ERROR, error, "%s", error_show(error).text);
        count_failure(job, error);
        return 0;
    }
    postgres_rollback(job->tools.postgres);
    identity_explain(job->tools.input.storage_path, job->archive_id, error);
    if (alone || !postgres_is_connected(job->tools.postgres))
        return -1;
    note_failure(job, entry->hour, error);
    return 0;
}

static int run_timed(struct batch_job *job, const struct hour_entry *entry, bool alone, struct error *error)
{
    int64_t begin_us = time_monotonic_us();
    int status = run_hour(job, entry, alone, error);

    histogram_add(&job->metrics.durations, time_monotonic_us() - begin_us);
    return status;
}

static int64_t sum_rows(const struct hour_list *hours)
{
    int64_t rows = 0;

    for (size_t i = 0; i < hours->count; i++)
        rows += hours->list[i].rows;
    return rows;
}

/* The share that is done, by rows if they are known, because hours differ much in size. */
static void show_bar(struct bar *bar, const struct hour_list *hours, size_t done, int64_t rows, int64_t all_rows)
{
    double share = all_rows ? (double)rows / (double)all_rows : (double)done / (double)hours->count;
    double seconds = bar_seconds(bar);

    bar_show(bar, share, "%zu of %zu hours, %lld rows, %.0f rows/s", done, hours->count, (long long)rows,
             seconds > 0 ? (double)rows / seconds : 0);
}

int batch_job_run(struct batch_job *job, const struct hour_list *hours, struct error *error)
{
    int64_t rows = 0, all_rows = sum_rows(hours);
    bool alone = hours->count == 1 && !config_flag(job->tools.config, OPTION_FOLLOW);
    int status = 0;

    bar_begin(&job->bar);
    for (size_t i = 0; i < hours->count && !status; i++) {
        struct failed_hour *failed = find_failed(job, hours->list[i].hour);

        if (stop_requested()) {
            job->summary.left = hours->count - i;
            job->summary.left_from = hours->list[i].hour;
            break;
        }
        batch_job_turn(job);
        show_bar(&job->bar, hours, i, rows, all_rows);
        if (!failed || time_monotonic_ms() >= failed->retry_at_ms)
            status = run_timed(job, &hours->list[i], alone, error);
        rows += hours->list[i].rows;
    }
    bar_end(&job->bar);
    return status;
}
