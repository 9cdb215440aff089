#include "batch/rebuild.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "command/command.h"

/* Prints each hour as it is done. */
struct printer {
    bool json;
    size_t hours;
};

static int64_t left_out_rows(const struct rebuild_report *report)
{
    return report->rejects.missing_field + report->rejects.out_of_range;
}

static const char *fate_of(const struct rebuild_report *report)
{
    if (!report->sealed)
        return "not sealed";
    if (rebuilt_differing(&report->before) == 0)
        return "=";
    return report->rebuilt ? "rebuilt" : "differs";
}

static void print_row(const char *hour, const struct rebuild_report *report)
{
    const struct rebuilt_state *before = &report->before;

    printf("%-20s %5zu %12" PRId64 " %16" PRId64 " %16" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 "  %s", hour,
           report->files, report->rows, report->bytes, before->bytes, before->missing, before->changed, before->surplus,
           fate_of(report));
    if (left_out_rows(report))
        printf("  %" PRId64 " rows left out", left_out_rows(report));
    if (report->rejects.without_bytes)
        printf("  %" PRId64 " rows without bytes", report->rejects.without_bytes);
    putchar('\n');
}

static void print_json(const char *hour, const struct rebuild_report *report)
{
    const struct rebuilt_state *before = &report->before;

    json_print_line(json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hour", hour, "sealed",
                              (int)report->sealed, "rebuilt", (int)report->rebuilt, "files", (json_int_t)report->files,
                              "rows", (json_int_t)report->rows, "bytes", (json_int_t)report->bytes, "bytes_before",
                              (json_int_t)before->bytes, "totals_missing", (json_int_t)before->missing,
                              "totals_changed", (json_int_t)before->changed, "totals_surplus",
                              (json_int_t)before->surplus, "rejected_rows", (json_int_t)left_out_rows(report),
                              "rows_without_bytes", (json_int_t)report->rejects.without_bytes));
}

static void print_hour(void *context, const struct rebuild_report *report)
{
    struct printer *printer = context;
    char hour[TIME_TEXT_SIZE];

    time_format(report->hour, hour);
    if (printer->json)
        print_json(hour, report);
    else {
        if (printer->hours == 0)
            printf("%-20s %5s %12s %16s %16s %9s %9s %9s\n", "hour", "files", "rows", "bytes", "bytes before",
                   "missing", "changed", "surplus");
        print_row(hour, report);
    }
    printer->hours++;
    fflush(stdout);
}

/* An incomplete range is a result of its own, for people and for scripts. */
static void report_left(const struct printer *printer, const struct rebuild_summary *summary)
{
    size_t left = summary->open + summary->left;
    char from[TIME_TEXT_SIZE];

    time_format(summary->left_from, from);
    if (printer->json)
        printf("{\"complete\":false,\"hours_left\":%zu,\"left_from\":\"%s\"}\n", left, from);
    else
        printf("incomplete: %zu hours are left, from %s\n", left, from);
    if (summary->open)
        log_line(LEVEL_WARNING, "%zu of the hours are not sealed, as more is expected of them", summary->open);
    if (summary->left)
        log_line(LEVEL_WARNING, "stopped before %zu of the hours were rebuilt", summary->left);
}

int command_rebuild(const struct config *config, struct error *error)
{
    struct printer printer = {.json = config_flag(config, OPTION_JSON)};
    const struct rebuild_listener listener = {print_hour, &printer};
    struct rebuild_summary summary;
    int status = rebuild_run(config, &listener, &summary, error);
    bool left = summary.open + summary.left > 0;

    if (left)
        report_left(&printer, &summary);
    return status == 0 && left ? EXIT_INCOMPLETE : status;
}
