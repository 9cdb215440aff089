#include "batch/forget.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "command/command.h"

/* Prints each hour as it is done. */
struct printer {
    bool json;
    size_t hours;
};

static void print_row(const char *hour, const struct forget_report *report)
{
    printf("%-20s %7" PRId64 " %12" PRId64 " %12" PRId64 " %12" PRId64 "%s\n", hour, report->files, report->file_rows,
           report->rows.totals, report->rows.hourly_totals, report->waits ? "  waits" : "");
}

static void print_json(const char *hour, const struct forget_report *report)
{

    json_print_line(json_pack("{s:s, s:b, s:I, s:I, s:I, s:I}", "hour", hour, "waits", (int)report->waits, "files",
                              (json_int_t)report->files, "rows", (json_int_t)report->file_rows, "totals",
                              (json_int_t)report->rows.totals, "hourly_totals",
                              (json_int_t)report->rows.hourly_totals));
}

static void print_hour(void *context, const struct forget_report *report)
{
    struct printer *printer = context;
    char hour[TIME_TEXT_SIZE];

    time_format(report->hour, hour);
    if (printer->json)
        print_json(hour, report);
    else {
        if (printer->hours == 0)
            printf("%-20s %7s %12s %12s %12s\n", "hour", "files", "rows", "totals", "hourly");
        print_row(hour, report);
    }
    printer->hours++;
    fflush(stdout);
}

static bool is_complete(const struct forget_summary *summary)
{
    return !summary->waiting && !summary->left && !summary->failed && !summary->meanwhile;
}

/* The rows of the tables, by their names in the text and in the JSON report. */
struct count {
    const char *name, *shown;
    int64_t rows;
};

#define COUNTS 9

static void list_counts(const struct forget_summary *summary, struct count counts[COUNTS])
{
    const struct forgotten_rows *rows = &summary->rows;
    const struct count all[COUNTS] = {
        {"totals", "window totals", rows->totals + rows->other_totals},
        {"hourly_totals", "hourly totals", rows->hourly_totals},
        {"users_over_quota", "users over quota", rows->limits},
        {"users", "users", rows->users},
        {"quotas", "history of quotas", rows->quotas},
        {"notices", "notices", rows->notices},
        {"rejected_messages", "rejected messages", rows->rejected},
        {"put_aside", "rows put aside", rows->put_aside},
        {"rows", "rows of the archive", summary->file_rows},
    };

    memcpy(counts, all, sizeof(all));
}

static void print_end(const struct printer *printer, const struct forget_summary *summary, bool dry_run)
{
    struct count counts[COUNTS];

    list_counts(summary, counts);
    if (printer->json) {
        printf(
            "{\"complete\":%s,\"changed\":%s,\"hours\":%zu,\"hours_waiting\":%zu,\"hours_left\":%zu,\"files\":%" PRId64,
            is_complete(summary) ? "true" : "false", dry_run ? "false" : "true", summary->hours, summary->waiting,
            summary->left, summary->files);
        for (size_t i = 0; i < COUNTS; i++)
            printf(",\"%s\":%" PRId64, counts[i].name, counts[i].rows);
        printf("}\n");
        return;
    }
    printf("%s\n", dry_run ? "would be changed or removed:" : "changed or removed:");
    for (size_t i = 0; i < COUNTS; i++)
        printf("  %-20s %12" PRId64 "\n", counts[i].shown, counts[i].rows);
    printf("%s\n", is_complete(summary) ? "complete" : "incomplete: run it again");
}

static void log_rest(const struct forget_summary *summary)
{
    struct count counts[COUNTS];
    int64_t all = 0;

    list_counts(summary, counts);
    for (size_t i = 0; i < COUNTS; i++)
        all += counts[i].rows;
    if (summary->waiting)
        log_line(
            LEVEL_WARNING,
            "%zu hours stay as they are, as events of them are on their way between window totals and archive: run "
            "it again after --roll-age of antenna speed, or when antenna speed has been stopped cleanly",
            summary->waiting);
    if (summary->meanwhile)
        log_line(LEVEL_WARNING, "events of the user came meanwhile: run it again");
    if (summary->left)
        log_line(LEVEL_WARNING, "stopped before %zu of the hours were changed", summary->left);
    if (is_complete(summary) && !all)
        log_line(LEVEL_WARNING, "nothing of the user was found: ids are compared letter by letter, with their case");
}

int command_forget(const struct config *config, struct error *error)
{
    struct printer printer = {.json = config_flag(config, OPTION_JSON)};
    const struct forget_listener listener = {print_hour, &printer};
    struct forget_summary summary;
    int status = forget_run(config, &listener, &summary, error);

    if (status == 0 || summary.failed) {
        print_end(&printer, &summary, config_flag(config, OPTION_DRY_RUN));
        log_rest(&summary);
    }
    return status == 0 && !is_complete(&summary) ? EXIT_INCOMPLETE : status;
}
