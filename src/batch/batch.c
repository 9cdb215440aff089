#include "batch/batch.h"

#include <stdlib.h>
#include <string.h>

#include "archive/hour_folder.h"
#include "archive/reader.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/hours.h"
#include "postgres/quota.h"
#include "postgres/schema.h"
#include "postgres/totals.h"

/* Listed files must be where the list says, with as many rows as it says. */
static int find_listed_files(const char *storage_path, const struct listed_files *listed, struct file_names *ret_paths,
                             struct error *error)
{
    ret_paths->names = memory_new(listed->count, sizeof(*ret_paths->names));
    for (; ret_paths->count < listed->count; ret_paths->count++)
        if (hour_folder_find(storage_path, listed->list[ret_paths->count].path, &ret_paths->names[ret_paths->count],
                             error))
            return -1;
    return 0;
}

static int check_rows(const struct listed_files *listed, const struct file_names *paths, struct error *error)
{
    int64_t *rows = memory_new(paths->count + 1, sizeof(*rows));
    int status = reader_count_rows(paths, rows, error);

    for (size_t i = 0; i < paths->count && !status; i++)
        if (rows[i] != listed->list[i].rows)
            status = error_set(error, ERROR_MISTAKE, "\"%s\" has %lld rows instead of the %lld that are listed",
                               paths->names[i], (long long)rows[i], (long long)listed->list[i].rows);
    free(rows);
    return status;
}

/* The hour's files: those that are listed, or, of an archive that somebody else wrote, those in its folder. */
static int read_from_storage(struct postgres *postgres, const char *storage_path, struct batch_report *report,
                             struct file_names *ret_paths, struct error *error)
{
    cleanup(listed_files_release) struct listed_files listed = {0};
    int status;

    if (hours_files(postgres, report->hour, &listed, error))
        return -1;
    report->listed = listed.count > 0;
    if (report->listed)
        status = find_listed_files(storage_path, &listed, ret_paths, error) || check_rows(&listed, ret_paths, error);
    else
        status = hour_folder_list(storage_path, report->hour, ret_paths, error);
    report->files = ret_paths->count;
    return status ? -1 : 0;
}

struct run {
    struct totals_writer writer;
    struct batch_report *report;
};

/* One total of hourly_total_bytes_antenna, _app or _user, on its way to the table. */
static int take_total(void *context, const struct hour_total *total, struct error *error)
{
    struct run *run = context;

    run->report->totals[total->dimension]++;
    /* Each event has one app: these sums are the sums of all. */
    if (total->dimension == DIMENSION_APP) {
        run->report->events += total->events;
        if (__builtin_add_overflow(run->report->bytes, total->bytes, &run->report->bytes))
            return error_set(error, ERROR_MISTAKE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    return totals_write(&run->writer, run->report->hour, (int)total->dimension, total->name, total->bytes, error);
}

/* One scan makes the three totals. */
static int hourly_total_bytes(struct postgres *postgres, const char *table, const struct file_names *paths,
                              struct batch_report *report, struct error *error)
{
    struct run run = {.report = report};
    int status = totals_begin_replacing(&run.writer, postgres, table, report->hour,
                                        (struct totals_labels){dimension_labels, DIMENSIONS}, error);

    if (!status && paths->count)
        status = reader_sum(paths, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    return status;
}

static int users_with_exceeded_quota(struct postgres *postgres, const struct config *config,
                                     struct batch_report *report, struct error *error)
{
    const struct quota_tables tables = {
        .bytes_hourly = config_text(config, OPTION_BYTES_HOURLY_TABLE),
        .user_metadata = config_text(config, OPTION_USER_METADATA_TABLE),
        .user_quota_limit = config_text(config, OPTION_USER_QUOTA_LIMIT_TABLE),
    };
    struct quota_report quota;

    if (quota_replace_hour(postgres, &tables, report->hour, &quota, error))
        return -1;
    report->exceeded = quota.exceeded;
    report->unknown = quota.unknown;
    return 0;
}

static int run_transaction(struct postgres *postgres, const struct config *config, struct batch_report *report,
                           struct error *error)
{
    cleanup(file_names_release) struct file_names paths = {0};

    if (postgres_begin(postgres, error) || hours_lock(postgres, report->hour, error) ||
        read_from_storage(postgres, config_text(config, OPTION_STORAGE_PATH), report, &paths, error) ||
        hourly_total_bytes(postgres, config_text(config, OPTION_BYTES_HOURLY_TABLE), &paths, report, error) ||
        users_with_exceeded_quota(postgres, config, report, error) ||
        hours_note_batch(postgres, report->hour, report->events, report->bytes, &report->rerun, error))
        return -1;
    return postgres_commit(postgres, error);
}

int batch_run(const struct config *config, struct batch_report *ret_report, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct batch_report report = {.hour = time_hour(config_number(config, OPTION_HOUR))};

    if (storage_check(config_text(config, OPTION_STORAGE_PATH), error) || jdbc_from_config(config, &address, error) ||
        postgres_open(&address, &postgres, error) || schema_check(postgres, config, error) ||
        run_transaction(postgres, config, &report, error))
        return -1;
    *ret_report = report;
    return 0;
}
