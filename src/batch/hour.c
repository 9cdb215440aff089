#include "batch/hour.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "batch/decreases.h"
#include "postgres/metrics.h"
#include "postgres/notices.h"
#include "postgres/totals.h"
#include "postgres/users.h"

/* An hour whose files move while they are read is read again. They move when a writer publishes them or compaction
 * replaces them, which rarely happens twice. */
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
    struct decreases *decreases;
};

/* Takes a total of the scan: checks it against the earlier one, and writes it. */
static int take_total(void *context, const struct hour_total *total, struct error *error)
{
    struct run *run = context;

    run->report->totals[total->kind]++;
    /* Each event has one app, so the sums by app add up to those of the hour. */
    if (total->kind == TOTAL_APP_BYTES) {
        run->report->rows += total->events;
        if (__builtin_add_overflow(run->report->bytes, total->value, &run->report->bytes))
            return error_set(error, ANT_SUM_TOO_LARGE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    if (decreases_take(run->decreases, slice_of(total_kinds[total->kind].label), total->id, total->value, error))
        return -1;
    return totals_write(&run->writer, run->report->hour, total->kind, total->id, total->value, error);
}

/* One scan makes the totals of all kinds, those of the Spark job's hourly_total_bytes_antenna, _app and _user. The
 * earlier totals are held by a cursor before the rows are deleted. Both come in the order of (label, id), so that each
 * pair is compared while the scan goes on, without keeping either in memory. */
static int hourly_total_bytes(const struct batch_tools *tools, const struct input *input, struct batch_report *report,
                              struct decreases *decreases, struct error *error)
{
    const struct reader_files files = {&input->own, &input->foreign};
    const char *table = config_text(tools->config, OPTION_BYTES_HOURLY_TABLE);
    struct run run = {.report = report, .decreases = decreases};
    struct totals_hour written = {.kinds = report->kinds};
    int status;

    if (!config_flag(tools->config, OPTION_ALLOW_LESS) &&
        earlier_totals_hold(&decreases->before, tools->postgres, table, report->hour, error))
        return -1;
    status = totals_begin_replacing(&run.writer, tools->postgres, table, report->hour, error);
    if (!status && input->own.count + input->foreign.paths.count)
        status = reader_sum(tools->reader, &files, report->kinds, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    if (status || decreases_finish(decreases, error))
        return -1;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        written.rows += report->totals[kind];
    written.events = report->rows;
    written.bytes = report->bytes;
    return totals_check_hour(tools->postgres, table, report->hour, &written, error);
}

/* The sum of the scan must be the listed bytes: this finds files that were changed, to the byte. */
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
        error, ANT_HOUR_HELD,
        "the hour %s is held, as its totals did not come from this archive: the table \"%s\" has %lld bytes of it, "
        "and its %zu files have %lld",
        time_format(report->hour, hour), table, (long long)before->bytes_most, report->files, (long long)report->bytes);
    return error_hint(error, "compare both, and replace the totals with --allow-less");
}

/* Totals are replaced by smaller ones, by none, or by those of another job only with --allow-less. Files that are
 * missing, or another archive, would otherwise reduce a bill without a word. So would a list that has lost files:
 * antenna.hour counts rows that were ever added to the hour. */
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
        error_set(error, ANT_TOTALS_LESS, "the table \"%s\" has %lld bytes of the hour %s, and its %zu files have %lld",
                  table, (long long)before->bytes_most, hour, report->files, (long long)report->bytes);
    else if (report->rows == 0 && before->rows + before->exceeded)
        error_set(error, ANT_HOUR_HELD, "the hour %s has totals or users over quota, and the archive has no row of it",
                  hour);
    else if (report->rows < entry->rows)
        error_set(error, ANT_LIST_EDITED, "antenna.hour counts %lld rows of the hour %s, and its %zu files have %lld",
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

/* The hour may have more bytes than before and still lack an archive that its last run read: late events would hide the
 * loss. So listed and other files are compared separately. */
static int refuse_other_input(const struct batch_tools *tools, const struct input *input,
                              const struct batch_report *report, struct error *error)
{
    if (!tools->bookkeeping || config_flag(tools->config, OPTION_ALLOW_LESS))
        return 0;
    return input_check_noted(input, tools->postgres, report->hour, report->bytes, error);
}

/* A single total must not become less either, even if the hour as a whole grows. */
static int refuse_decreases(const struct batch_tools *tools, const struct decreases *decreases, int64_t hour,
                            struct error *error)
{
    char text[TIME_TEXT_SIZE];

    if (!decreases->count)
        return 0;
    error_set(error, ANT_TOTALS_LESS, "%zu totals of the hour %s in the table \"%s\" would become less: %s",
              decreases->count, time_format(hour, text), config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
              decreases->example);
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
    /* Without rows nothing is known of the users of the hour, and no notice follows from it. */
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

/* Under the hour's lock: another process may have processed the hour since it was found pending. */
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
    error_set(error, ANT_HOUR_PRUNED, "files of the hour were removed by antenna prune, %s", why);
    return error_hint(error, "%s", hint);
}

/* Marks the files whose rows were added, in the same transaction: each is added once, also after a crash. */
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
    struct decreases none = {0};
    struct run run = {.report = report, .decreases = &none};
    int status = 0;

    totals_begin_adding_here(&run.writer, tools->postgres, config_text(tools->config, OPTION_BYTES_HOURLY_TABLE));
    if (input->own.count)
        status = reader_sum(tools->reader, &files, report->kinds, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    return status;
}

/* If prune has removed the earlier files of an hour, the archive has only late rows. They are added to the totals,
 * which were made of the removed rows; replacing would lose those. */
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

/*
 * The transaction of an hour. The order:
 * 1. Lock the hour, then check what it is: pending, pruned.
 * 2. Read the list and compare it with the files, before anything is changed.
 * 3. Replace the totals while scanning, and compare: sums with the list, new totals with the earlier ones.
 * 4. Find the users over quota by the new totals, and write notices.
 * 5. Lock the row of antenna.hour to store what was read, last: listing files of the hour waits for it.
 */
static int replace_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct input *input,
                        struct batch_report *report, struct error *error)
{
    cleanup(decreases_release) struct decreases decreases = {0};
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
        hourly_total_bytes(tools, input, report, &decreases, error) || check_sums(tools, input, report, error) ||
        refuse_less(tools, entry, &before, report, error) || refuse_other_input(tools, input, report, error) ||
        refuse_decreases(tools, &decreases, report->hour, error) || users_with_exceeded_quota(tools, report, error) ||
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
