#include "batch/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "command/command.h"

/* Prints each hour, and keeps what the last line sums up. */
struct printer {
    bool json;
    size_t hours;
    struct batch_report sum;
};

static void print_row(const char *hour, const struct batch_report *report)
{
    printf("%-20s %5zu %12" PRId64 " %16" PRId64 " %11" PRId64 " %10" PRId64, hour, report->files, report->rows,
           report->bytes, report->unknown, report->exceeded);
}

static void print_header(void)
{
    printf("%-20s %5s %12s %16s %11s %10s\n", "hour", "files", "rows", "bytes", "no metadata", "over quota");
}

/* Rows that are not valid events, and so in no total. */
static int64_t rejected_rows(const struct batch_report *report)
{
    return report->rejects.missing_field + report->rejects.out_of_range;
}

static void print_notes(const struct batch_report *report)
{
    if (report->rerun)
        fputs("  recomputed", stdout);
    if (!report->sealed)
        fputs("  provisional", stdout);
    if (report->late)
        fputs("  late rows added, as the others were removed", stdout);
    if (report->unlisted > report->left_out)
        printf("  %zu files not listed", report->unlisted - report->left_out);
    if (report->left_out)
        printf("  %zu files not listed and left out (--all-files)", report->left_out);
    if (rejected_rows(report))
        printf("  %" PRId64 " rows left out", rejected_rows(report));
    if (report->rejects.without_bytes)
        printf("  %" PRId64 " rows without bytes", report->rejects.without_bytes);
    if (report->replaced_bytes)
        printf("  replaced %" PRId64 " bytes of another origin", report->replaced_bytes);
    if (report->compact.result == COMPACT_MERGED)
        printf("  %zu files became %zu", report->compact.files_before, report->compact.files_after);
    else if (report->compact.result == COMPACT_UNFINISHED)
        fputs("  not compacted: another run is at it", stdout);
    else if (report->compact.result == COMPACT_OPEN)
        fputs("  not compacted: not sealed", stdout);
}

static void print_json(const struct batch_report *report)
{
    char hour[TIME_TEXT_SIZE];
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I}", "hour",
        time_format(report->hour, hour), "files", (json_int_t)report->files, "rows", (json_int_t)report->rows, "bytes",
        (json_int_t)report->bytes, "antennas", (json_int_t)report->totals[TOTAL_ANTENNA_BYTES], "apps",
        (json_int_t)report->totals[TOTAL_APP_BYTES], "users", (json_int_t)report->totals[TOTAL_USER_BYTES],
        "users_without_metadata", (json_int_t)report->unknown, "users_over_quota", (json_int_t)report->exceeded,
        "rerun", (int)report->rerun, "provisional", (int)!report->sealed, "unlisted_files",
        (json_int_t)report->unlisted, "left_out_files", (json_int_t)report->left_out, "rejected_rows",
        (json_int_t)rejected_rows(report), "rows_without_bytes", (json_int_t)report->rejects.without_bytes,
        "replaced_bytes", (json_int_t)report->replaced_bytes);

    if (report->late)
        json_set(object, "late_rows_added", json_true());
    if (report->compact.result == COMPACT_MERGED)
        json_set(object, "files_after_compaction", json_integer((json_int_t)report->compact.files_after));
    json_print_line(object);
}

static void add_to_sum(struct batch_report *sum, const struct batch_report *report)
{
    sum->files += report->files;
    sum->rows += report->rows;
    if (__builtin_add_overflow(sum->bytes, report->bytes, &sum->bytes))
        sum->bytes = INT64_MAX;
    sum->unknown += report->unknown;
    sum->exceeded += report->exceeded;
}

/* What is in no total is in the log, too, even if nobody reads the table. */
static void log_left_out(const char *hour, const struct batch_report *report)
{
    if (report->left_out)
        log_line(LEVEL_WARNING, "the hour %s: left out %zu files that are not listed; --all-files reads Parquet files",
                 hour, report->left_out);
    if (rejected_rows(report) + report->rejects.without_bytes)
        log_line(LEVEL_WARNING,
                 "the hour %s: left out %" PRId64 " rows that lack a field and %" PRId64
                 " with one out of range; %" PRId64 " rows without bytes count as 0",
                 hour, report->rejects.missing_field, report->rejects.out_of_range, report->rejects.without_bytes);
}

static void print_hour(void *context, const struct batch_report *report)
{
    struct printer *printer = context;
    char hour[TIME_TEXT_SIZE];

    if (printer->json)
        print_json(report);
    else {
        if (printer->hours == 0)
            print_header();
        print_row(time_format(report->hour, hour), report);
        print_notes(report);
        putchar('\n');
    }
    log_left_out(time_format(report->hour, hour), report);
    printer->hours++;
    add_to_sum(&printer->sum, report);
    fflush(stdout);
}

/* An incomplete range is a result of its own, for people and for scripts. */
static void report_left(const struct printer *printer, const struct batch_summary *summary)
{
    char from[TIME_TEXT_SIZE];

    time_format(summary->left_from, from);
    if (printer->json)
        printf("{\"complete\":false,\"hours_left\":%zu,\"left_from\":\"%s\"}\n", summary->left, from);
    else
        printf("incomplete: %zu hours are left, from %s\n", summary->left, from);
    log_line(LEVEL_WARNING, "stopped before %zu of the hours were processed, from %s", summary->left, from);
}

static void report_end(const struct printer *printer, const struct batch_summary *summary, bool pending)
{
    if (printer->hours > 1 && !printer->json) {
        print_row("all", &printer->sum);
        putchar('\n');
    }
    if (summary->left)
        report_left(printer, summary);
    else if (printer->hours == 0 && summary->failed == 0 && pending)
        log_line(LEVEL_INFO, "no hour is pending");
    else if (printer->hours == 1 && printer->sum.files == 0)
        log_line(LEVEL_WARNING, "the archive has no file of that hour: its totals are empty");
}

int command_batch(const struct config *config, struct error *error)
{
    struct printer printer = {.json = config_flag(config, OPTION_JSON)};
    const struct batch_listener listener = {print_hour, &printer};
    struct batch_summary summary;
    int status = batch_run(config, &listener, &summary, error);

    if (!config_flag(config, OPTION_FOLLOW) && (status == 0 || summary.failed))
        report_end(&printer, &summary, config_flag(config, OPTION_PENDING));
    return status == 0 && summary.left && !config_flag(config, OPTION_FOLLOW) ? EXIT_INCOMPLETE : status;
}
