#include "batch/prune.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "command/command.h"

/* Prints each hour, and keeps what the last line sums up. */
struct printer {
    bool json;
    size_t hours;
    struct prune_amounts sum;
};

static void print_row(const char *hour, const struct prune_amounts *amounts)
{
    printf("%-20s %7" PRId64 " %12" PRId64 " %14" PRId64 " %12" PRId64 " %12" PRId64 " %10" PRId64 "\n", hour,
           amounts->files, amounts->file_rows, amounts->file_size, amounts->totals, amounts->hourly_totals,
           amounts->users_over_quota);
}

static void print_json(const char *hour, const struct prune_amounts *amounts)
{

    json_print_line(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "hour", hour, "files", (json_int_t)amounts->files,
                              "rows", (json_int_t)amounts->file_rows, "size", (json_int_t)amounts->file_size, "totals",
                              (json_int_t)amounts->totals, "hourly_totals", (json_int_t)amounts->hourly_totals,
                              "users_over_quota", (json_int_t)amounts->users_over_quota));
}

static void print_hour(void *context, const struct prune_report *report)
{
    struct printer *printer = context;
    const struct prune_amounts *amounts = &report->amounts;
    char hour[TIME_TEXT_SIZE];

    time_format(report->hour.hour, hour);
    if (printer->json)
        print_json(hour, amounts);
    else {
        if (printer->hours == 0)
            printf("%-20s %7s %12s %14s %12s %12s %10s\n", "hour", "files", "rows", "size", "totals", "hourly",
                   "over quota");
        print_row(hour, amounts);
    }
    printer->hours++;
    prune_add(&printer->sum, amounts);
    fflush(stdout);
}

static void report_end(const struct printer *printer, const struct prune_summary *summary, bool dry_run)
{
    char from[TIME_TEXT_SIZE];

    if (printer->json)
        printf("{\"complete\":%s,\"hours\":%zu,\"hours_left\":%zu,\"hours_kept\":%" PRId64
               ",\"rejected_messages\":%" PRId64 ",\"notices\":%" PRId64 ",\"removed\":%s}\n",
               summary->left ? "false" : "true", summary->hours, summary->left, summary->kept, summary->rejected,
               summary->notices, dry_run ? "false" : "true");
    else {
        if (printer->hours > 1)
            print_row("all", &printer->sum);
        printf("%s %zu hours, %" PRId64 " rejected messages and %" PRId64 " notices\n",
               dry_run ? "would remove data of" : "removed data of", summary->hours, summary->rejected,
               summary->notices);
        if (summary->left)
            printf("incomplete: %zu hours are left, from %s\n", summary->left, time_format(summary->left_from, from));
    }
    if (summary->kept)
        log_line(LEVEL_WARNING,
                 "%" PRId64 " hours are as old and stay, as they are open, new, dirty or held: see antenna status",
                 summary->kept);
    if (summary->left)
        log_line(LEVEL_WARNING, "stopped before %zu of the hours were pruned", summary->left);
}

int command_prune(const struct config *config, struct error *error)
{
    struct printer printer = {.json = config_flag(config, OPTION_JSON)};
    const struct prune_listener listener = {print_hour, &printer};
    struct prune_summary summary;
    int status = prune_run(config, &listener, &summary, error);

    if (status == 0 || summary.failed)
        report_end(&printer, &summary, config_flag(config, OPTION_DRY_RUN));
    return status == 0 && summary.left ? EXIT_INCOMPLETE : status;
}
