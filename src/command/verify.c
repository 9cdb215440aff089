#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "command/command.h"

/* Antennas with repeated rows that are named of each hour; JSON has all of them. */
#define REPEATS_SHOWN_MAX 5

/* Prints each hour as it is found, or gathers all of it for one JSON object. */
struct printer {
    size_t hours;
    struct repeat repeated; /* in all, without a name */
    json_t *json;           /* array of hours, or NULL */
};

static const char *state_of(const struct hour_finding *finding)
{
    if (finding->sums.hourly_pruned)
        return "pruned";
    if (!finding->sealed)
        return "open";
    if (!finding->sums.batched)
        return "new";
    return finding->sums.dirty ? "dirty" : "clean";
}

static void print_differences(const struct differences *differences)
{
    for (size_t i = 0; i < differences->count; i++)
        printf("    %s: %s%s\n", cause_code(differences->list[i].cause), differences->list[i].detail,
               differences->list[i].expected ? " (the hour is still open)" : "");
}

/* Adds up those from number `first` on. */
static struct repeat sum_repeats(const struct repeats *repeats, size_t first)
{
    struct repeat sum = {0};

    for (size_t i = first; i < repeats->count; i++) {
        sum.rows += repeats->list[i].rows;
        sum.bytes += repeats->list[i].bytes;
    }
    return sum;
}

static void print_repeats(const struct repeats *repeats)
{
    for (size_t i = 0; i < repeats->count && i < REPEATS_SHOWN_MAX; i++)
        printf("    repeated_rows: %" PRId64 " rows with %" PRId64 " bytes of antenna \"%s\"\n", repeats->list[i].rows,
               repeats->list[i].bytes, text_show(repeats->list[i].antenna).text);
    if (repeats->count > REPEATS_SHOWN_MAX) {
        struct repeat more = sum_repeats(repeats, REPEATS_SHOWN_MAX);

        printf("    repeated_rows: and %zu more antennas, %" PRId64 " rows with %" PRId64 " bytes\n",
               repeats->count - REPEATS_SHOWN_MAX, more.rows, more.bytes);
    }
}

static void print_row(struct printer *printer, const struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;
    char hour[TIME_TEXT_SIZE];

    if (printer->hours == 0)
        printf("%-20s %-6s %5s %11s %14s %14s %14s\n", "hour", "state", "files", "rows", "archived", "bytes",
               "bytes_hourly");
    printf("%-20s %-6s %5zu %11" PRId64 " %14" PRId64 " %14" PRId64 " %14" PRId64 "  %s\n",
           time_format(finding->hour, hour), state_of(finding), finding->files, finding->file_rows, sums->listed_bytes,
           sums->speed[TOTAL_APP_BYTES], sums->hourly[TOTAL_APP_BYTES], finding->differences.count ? "" : "=");
    print_differences(&finding->differences);
    print_repeats(&finding->repeats);
}

static json_t *sums_by_label(const int64_t sums[TOTAL_KINDS], total_kind_set kinds)
{
    json_t *object = json_object();

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind))
            json_set(object, total_kinds[kind].label, json_integer(sums[kind]));
    return object;
}

static json_t *differences_as_json(const struct differences *differences)
{
    json_t *array = json_array();

    for (size_t i = 0; i < differences->count; i++) {
        cleanup(memory_free) char *detail =
            memory_text(differences->list[i].detail, strlen(differences->list[i].detail));

        text_make_printable(detail);
        json_append(array, json_pack("{s:s, s:s, s:b}", "cause", cause_code(differences->list[i].cause), "detail",
                                     detail, "expected", (int)differences->list[i].expected));
    }
    return array;
}

/* NULL in JSON where they were not looked for. */
static json_t *repeats_as_json(const struct repeats *repeats)
{
    json_t *array = repeats->known ? json_array() : json_null();

    for (size_t i = 0; i < repeats->count; i++)
        json_append(array, json_pack("{s:s, s:I, s:I}", "antenna", repeats->list[i].antenna, "rows",
                                     (json_int_t)repeats->list[i].rows, "bytes", (json_int_t)repeats->list[i].bytes));
    return array;
}

static json_t *hour_as_json(const struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;
    char hour[TIME_TEXT_SIZE];

    return json_pack(
        "{s:s, s:s, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:o, s:o, s:o, s:o}", "hour",
        time_format(finding->hour, hour), "state", state_of(finding), "list", "files",
        (json_int_t)(sums->files - sums->pruned_files), "rows", (json_int_t)(sums->rows - sums->pruned_rows), "bytes",
        (json_int_t)(sums->bytes - sums->pruned_bytes), "parquet", "files", (json_int_t)finding->files, "rows",
        (json_int_t)finding->file_rows, "bytes", (json_int_t)finding->file_bytes, "bytes",
        sums_by_label(sums->speed, sums->kinds), "bytes_hourly", sums_by_label(sums->hourly, sums->kinds),
        "differences", differences_as_json(&finding->differences), "repeated_rows", repeats_as_json(&finding->repeats));
}

static void take_hour(void *context, const struct hour_finding *finding)
{
    struct printer *printer = context;
    struct repeat repeated = sum_repeats(&finding->repeats, 0);

    printer->repeated.rows += repeated.rows;
    printer->repeated.bytes += repeated.bytes;
    if (printer->json)
        json_append(printer->json, hour_as_json(finding));
    else
        print_row(printer, finding);
    printer->hours++;
}

static void print_rejected(const struct verify_summary *summary)
{
    printf("rejected, apart from that: %" PRId64 " messages", summary->counters.rejected);
    for (size_t i = 0; i < summary->rejected_count; i++)
        printf("%s%s %" PRId64, i ? ", " : ": ", text_show(summary->rejected[i].reason).text,
               summary->rejected[i].messages);
    putchar('\n');
}

static void print_summary(const struct verify_summary *summary, const struct repeat *repeated)
{
    const struct ledger_counters *counters = &summary->counters;

    printf("%zu hours verified, %zu with differences\n", summary->hours, summary->differing);
    if (summary->left)
        printf("incomplete: %zu hours are left\n", summary->left);
    printf("speed layer: %" PRId64 " events with %" PRId64 " bytes totalled, %" PRId64 " with %" PRId64
           " bytes archived\n",
           counters->totalled, counters->totalled_bytes, counters->archived, counters->archived_bytes);
    print_differences(&summary->differences);
    if (repeated->rows)
        printf("repeated: %" PRId64 " rows with %" PRId64
               " bytes are equal to others in all columns; they count, as they were sent\n",
               repeated->rows, repeated->bytes);
    print_rejected(summary);
}

static json_t *reasons_as_json(const struct verify_summary *summary)
{
    json_t *object = json_object();

    for (size_t i = 0; i < summary->rejected_count; i++)
        json_set(object, summary->rejected[i].reason, json_integer(summary->rejected[i].messages));
    return object;
}

static int print_json(const struct verify_summary *summary, json_t *hours, bool equal, struct error *error)
{
    const struct ledger_counters *counters = &summary->counters;
    json_t *object =
        json_pack("{s:b, s:b, s:I, s:O, s:{s:I, s:I, s:I, s:I, s:I}, s:o, s:o}", "equal",
                  (int)(equal && !summary->left), "complete", (int)(summary->left == 0), "hours_left",
                  (json_int_t)summary->left, "hours", hours, "messages", "totalled", (json_int_t)counters->totalled,
                  "totalled_bytes", (json_int_t)counters->totalled_bytes, "archived", (json_int_t)counters->archived,
                  "archived_bytes", (json_int_t)counters->archived_bytes, "rejected", (json_int_t)counters->rejected,
                  "rejected", reasons_as_json(summary), "differences", differences_as_json(&summary->differences));

    return json_print(object, JSON_INDENT(2), error);
}

int command_verify(const struct config *config, struct error *error)
{
    struct printer printer = {.json = config_flag(config, OPTION_JSON) ? json_array() : NULL};
    const struct verify_listener listener = {take_hour, &printer};
    cleanup(verify_summary_release) struct verify_summary summary = {0};
    int status = verify_run(config, &listener, &summary, error);

    if (status >= 0 && printer.json)
        status = print_json(&summary, printer.json, status == 0, error) ? -1 : status;
    else if (status >= 0)
        print_summary(&summary, &printer.repeated);
    if (status >= 0 && summary.left)
        log_line(LEVEL_WARNING, "stopped before %zu of the hours were verified", summary.left);
    json_decref(printer.json);
    if (status > 0)
        return EXIT_DIFFERENCE;
    return status == 0 && summary.left ? EXIT_INCOMPLETE : status;
}
