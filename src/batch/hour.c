#include "batch/hour.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "batch/lowered.h"
#include "postgres/metrics.h"
#include "postgres/notices.h"
#include "postgres/totals.h"
#include "postgres/users.h"

/* An hour whose files move while they are read is read again. */
#define READ_ATTEMPTS 3

/* The hour's files. */
static int read_from_storage(const struct batch_tools *tools, struct input *input, struct batch_report *report,
                             struct error *error)
{
    if (input_read(&tools->input, tools->postgres, tools->bookkeeping, tools->reader, report->hour, input, error))
        return -1;
    report->files = input->own.count + input->foreign.paths.count;
    report->unlisted = input->unlisted;
    report->left_out = input->left_out;
    report->rejects = input->rejects;
    return 0;
}

/* The words of --quota-as-of. */
enum quota_as_of { QUOTA_AS_OF_HOUR, QUOTA_AS_OF_NOW };

static int read_totals(const struct batch_tools *tools, int64_t hour, struct hour_totals *ret_totals,
                       struct error *error)
{
    if (hours_totals(tools->postgres, config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
                     config_text(tools->config, OPTION_USER_QUOTA_LIMIT_TABLE), hour, ret_totals, error))
        return -1;
    return tools->bookkeeping ? hours_have_other_totals(tools->postgres, hour, &ret_totals->others, error) : 0;
}

struct run {
    struct totals_writer writer;
    struct batch_report *report;
    struct lowered *lowered;
};

/* One total on its way to the table. */
static int take_total(void *context, const struct hour_total *total, struct error *error)
{
    struct run *run = context;

    run->report->totals[total->kind]++;
    /* Each event has one app: these sums are the sums of all. */
    if (total->kind == TOTAL_APP_BYTES) {
        run->report->rows += total->events;
        if (__builtin_add_overflow(run->report->bytes, total->value, &run->report->bytes))
            return error_set(error, ERROR_MISTAKE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    if (lowered_take(run->lowered, slice_of(total_kinds[total->kind].label), total->id, total->value, error))
        return -1;
    return totals_write(&run->writer, run->report->hour, total->kind, total->id, total->value, error);
}

/* One scan makes the totals of all kinds: the Spark job's hourly_total_bytes_antenna, _app and _user. */
static int hourly_total_bytes(const struct batch_tools *tools, const struct input *input, struct batch_report *report,
                              struct lowered *lowered, struct error *error)
{
    const struct reader_files files = {&input->own, &input->foreign};
    const char *table = config_text(tools->config, OPTION_BYTES_HOURLY_TABLE);
    struct run run = {.report = report, .lowered = lowered};
    struct totals_hour written = {.kinds = report->kinds};
    int status;

    if (!config_flag(tools->config, OPTION_ALLOW_LESS) &&
        earlier_totals_hold(&lowered->before, tools->postgres, table, report->hour, error))
        return -1;
    status = totals_begin_replacing(&run.writer, tools->postgres, table, report->hour, error);
    if (!status && input->own.count + input->foreign.paths.count)
        status = reader_sum(tools->reader, &files, report->kinds, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    if (status || lowered_finish(lowered, error))
        return -1;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        written.rows += report->totals[kind];
    written.events = report->rows;
    written.bytes = report->bytes;
    return totals_check_hour(tools->postgres, table, report->hour, &written, error);
}

/* What was summed up is what the speed layer archived, to the byte. */
static int check_sums(const struct batch_tools *tools, const struct input *input, const struct batch_report *report,
                      struct error *error)
{
    return tools->bookkeeping ? input_check_bytes(input, tools->reader, report->bytes, error) : 0;
}

static int refuse_held(const char *table, const struct hour_totals *before, const struct batch_report *report,
                       struct error *error)
{
    char hour[TIME_TEXT_SIZE];

    error_set(
        error, ERROR_MISTAKE,
        "the hour %s is held, as its totals did not come from this archive: the table \"%s\" has %lld bytes of it, "
        "and its %zu files have %lld",
        time_format(report->hour, hour), table, (long long)before->bytes_most, report->files, (long long)report->bytes);
    return error_hint(error, "compare both, and replace the totals with --allow-less");
}

/* An hour's totals are never replaced by smaller ones, by none, or those of another job by ours, unless this is asked
 * for: files that are missing, or an archive that is not theirs, would take bytes off a bill without a word. So would a
 * list that lost files since it was counted: rows are only ever added to an hour. */
static int refuse_less(const struct batch_tools *tools, const struct hour_entry *entry,
                       const struct hour_totals *before, const struct batch_report *report, struct error *error)
{
    const char *table = config_text(tools->config, OPTION_BYTES_HOURLY_TABLE);
    char hour[TIME_TEXT_SIZE];

    time_format(report->hour, hour);
    if (config_flag(tools->config, OPTION_ALLOW_LESS))
        return 0;
    if (before->others)
        return refuse_held(table, before, report, error);
    if (report->bytes < before->bytes_most)
        error_set(error, ERROR_MISTAKE, "the table \"%s\" has %lld bytes of the hour %s, and its %zu files have %lld",
                  table, (long long)before->bytes_most, hour, report->files, (long long)report->bytes);
    else if (report->rows == 0 && before->rows + before->exceeded)
        error_set(error, ERROR_MISTAKE, "the hour %s has totals or users over quota, and the archive has no row of it",
                  hour);
    else if (report->rows < entry->rows)
        error_set(error, ERROR_MISTAKE, "antenna.hour counts %lld rows of the hour %s, and its %zu files have %lld",
                  (long long)entry->rows, hour, report->files, (long long)report->rows);
    else
        return 0;
    if (report->left_out)
        return error_hint(error,
                          "look at the %zu files that are left out, which --all-files reads; replace the totals by "
                          "less with --allow-less",
                          report->left_out);
    return error_hint(error,
                      "check the storage-path, its files and antenna.archive_file, or replace the totals by less "
                      "with --allow-less");
}

/* An hour may have become more and yet lack an archive that its last run read: late events would hide that. */
static int refuse_other_input(const struct batch_tools *tools, const struct input *input,
                              const struct batch_report *report, struct error *error)
{
    if (!tools->bookkeeping || config_flag(tools->config, OPTION_ALLOW_LESS))
        return 0;
    return input_check_noted(input, tools->postgres, report->hour, report->bytes, error);
}

/* Nor may any total of it become less while the hour as a whole grows. */
static int refuse_lowered(const struct batch_tools *tools, const struct lowered *lowered, int64_t hour,
                          struct error *error)
{
    char text[TIME_TEXT_SIZE];

    if (!lowered->count)
        return 0;
    error_set(error, ERROR_MISTAKE, "%zu totals of the hour %s in the table \"%s\" would become less: %s",
              lowered->count, time_format(hour, text), config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
              lowered->example);
    return error_hint(error,
                      "check the storage-path, its files and antenna.archive_file, or replace the totals by less "
                      "with --allow-less");
}

static int users_with_exceeded_quota(const struct batch_tools *tools, struct batch_report *report, struct error *error)
{
    const struct quota_tables tables = {
        .bytes_hourly = config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
        .user_metadata = config_text(tools->config, OPTION_USER_METADATA_TABLE),
        .user_quota_limit = config_text(tools->config, OPTION_USER_QUOTA_LIMIT_TABLE),
        .as_of_now = !tools->bookkeeping || config_number(tools->config, OPTION_QUOTA_AS_OF) == QUOTA_AS_OF_NOW,
    };
    struct quota_report quota;

    if (quota_replace_hour(tools->postgres, &tables, report->hour, &quota, error))
        return -1;
    report->exceeded = quota.exceeded;
    report->unknown = quota.unknown;
    /* An hour of which the archive has nothing says nothing of its users. */
    if (!tools->bookkeeping || report->rows == 0)
        return 0;
    return notices_write(tools->postgres, &tables, report->hour, report->sealed, error);
}

static int note_run(const struct batch_tools *tools, const struct input *input, struct batch_report *report,
                    struct error *error)
{
    const struct batch_input noted = {
        .listed_rows = input->listed_rows,
        .listed_bytes = input->listed_bytes,
        .unlisted_rows = report->rows - input->listed_rows,
        .unlisted_bytes = report->bytes - input->listed_bytes,
    };

    if (!tools->bookkeeping)
        return 0;
    if (hours_limit_idle_time(tools->postgres, error) || metrics_hold(tools->postgres, report->kinds, error))
        return -1;
    return hours_note_batch(tools->postgres, report->hour, &noted, &report->rerun, error);
}

/* What has been listed as pending may be run or taken over by others since. */
static int check_pending(const struct batch_tools *tools, int64_t hour, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};

    if (!tools->pending)
        return 0;
    if (hours_pending(tools->postgres, hour, hour, input_reads_foreign(&tools->input), &hours, error))
        return -1;
    return hours.count ? 0 : 1;
}

static int refuse_pruned(const char *why, const char *hint, struct error *error)
{
    error_set(error, ERROR_MISTAKE, "files of the hour were removed by antenna prune, %s", why);
    return error_hint(error, "%s", hint);
}

/* The paths of the files that were read, as the list has them. */
static int note_late(const struct batch_tools *tools, const struct input *input, const struct batch_report *report,
                     struct error *error)
{
    const char **paths = memory_new(input->listed.count + 1, sizeof(*paths));
    size_t count = 0;
    int status;

    for (size_t i = 0; i < input->listed.count; i++)
        if (!input->listed.list[i].replaced && !input->listed.list[i].added)
            paths[count++] = input->listed.list[i].path;
    status = hours_limit_idle_time(tools->postgres, error);
    if (!status)
        status = hours_note_late(tools->postgres, report->hour, report->rows, report->bytes, paths, count, error);
    free(paths);
    return status;
}

/* Adds the rows of files that are not added yet, each once, to the hourly totals. */
static int add_rows(const struct batch_tools *tools, const struct input *input, struct batch_report *report,
                    struct error *error)
{
    const struct reader_files files = {&input->own, NULL};
    struct lowered none = {0};
    struct run run = {.report = report, .lowered = &none};
    int status = 0;

    totals_begin_adding_here(&run.writer, tools->postgres, config_text(tools->config, OPTION_BYTES_HOURLY_TABLE));
    if (input->own.count)
        status = reader_sum(tools->reader, &files, report->kinds, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    return status;
}

/* Of an hour whose files were removed the archive has late rows alone: they are added to the totals that were made of
 * all others, and never take their place. */
static int add_late(const struct batch_tools *tools, const struct pruned_parts *pruned, struct input *input,
                    struct batch_report *report, struct error *error)
{
    if (pruned->hourly)
        return refuse_pruned("and its hourly totals, too", "leave it out: nothing is kept of it any more", error);
    if (input_reads_foreign(&tools->input))
        return refuse_pruned("so that only its late events can be added",
                             "leave out --all-files and --old-storage-path", error);
    report->rerun = true;
    report->late = true;
    if (metrics_read_pruned(tools->postgres, report->hour, &report->kinds, error) ||
        read_from_storage(tools, input, report, error) || add_rows(tools, input, report, error) ||
        check_sums(tools, input, report, error) || users_with_exceeded_quota(tools, report, error) ||
        note_late(tools, input, report, error))
        return -1;
    return postgres_commit(tools->postgres, error);
}

static int replace_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct input *input,
                        struct batch_report *report, struct error *error)
{
    cleanup(lowered_release) struct lowered lowered = {0};
    struct hour_totals before = {0};
    struct pruned_parts pruned = {0};
    int status;

    if (postgres_begin(tools->postgres, error) || hours_lock(tools->postgres, report->hour, error))
        return -1;
    status = check_pending(tools, report->hour, error);
    if (status)
        return status;
    if (tools->bookkeeping && hours_pruned(tools->postgres, report->hour, false, &pruned, error))
        return -1;
    if (pruned.archive)
        return add_late(tools, &pruned, input, report, error);
    report->kinds = total_kinds_standard();
    if ((tools->bookkeeping && metrics_read(tools->postgres, &report->kinds, error)) ||
        read_from_storage(tools, input, report, error) || read_totals(tools, report->hour, &before, error) ||
        hourly_total_bytes(tools, input, report, &lowered, error) || check_sums(tools, input, report, error) ||
        refuse_less(tools, entry, &before, report, error) || refuse_other_input(tools, input, report, error) ||
        refuse_lowered(tools, &lowered, report->hour, error) || users_with_exceeded_quota(tools, report, error) ||
        note_run(tools, input, report, error) || postgres_commit(tools->postgres, error))
        return -1;
    report->replaced_bytes = report->rerun ? 0 : before.bytes_most;
    return 0;
}

int batch_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct batch_report *ret_report,
               struct error *error)
{
    for (int left = READ_ATTEMPTS; left; left--) {
        cleanup(input_release) struct input input = {0};
        struct batch_report report = {.hour = entry->hour, .sealed = entry->sealed};
        int status = replace_hour(tools, entry, &input, &report, error);

        if (status == 0)
            *ret_report = report;
        if (status >= 0)
            return status;
        if (!input_has_moved(&input))
            break;
        postgres_rollback(tools->postgres);
    }
    return -1;
}
