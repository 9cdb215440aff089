#include "verify/verify.h"

#include <stdio.h>

#include "archive/hour_folder.h"
#include "archive/identity.h"
#include "archive/survey.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "base/time.h"
#include "postgres/schema.h"
#include "verify/difference.h"
#include "verify/hour.h"

/* Files that belong to no hour are named up to this number: an archive of another layout may have thousands. */
#define STRAYS_SHOWN_MAX 10

/* The range of hours, both inclusive. */
struct range {
    int64_t from, to;
};

static int read_range(const struct config *config, struct range *ret_range, struct error *error)
{
    struct range range = {RECORD_TIME_MIN, RECORD_TIME_END - SECONDS_PER_HOUR};

    if (config_require(config, OPTION_STORAGE_PATH, error))
        return -1;
    if (config_has(config, OPTION_FROM))
        range.from = time_hour(config_number(config, OPTION_FROM));
    if (config_has(config, OPTION_TO))
        range.to = time_hour(config_number(config, OPTION_TO));
    if (range.to < range.from)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for to: it lies before --from");
    *ret_range = range;
    return 0;
}

/* Verifies hours until a stop is asked for. */
static int verify_hours(const struct verify_tools *tools, const struct hour_list *hours,
                        const struct verify_listener *listener, struct verify_summary *summary, struct error *error)
{
    struct bar bar;
    int status = 0;

    bar_begin(&bar);
    for (size_t i = 0; i < hours->count && !status; i++) {
        cleanup(hour_finding_release) struct hour_finding finding = {0};

        if (stop_requested()) {
            summary->left = hours->count - i;
            break;
        }
        bar_show(&bar, (double)i / (double)hours->count, "%zu of %zu hours", i, hours->count);
        status = verify_hour(tools, &hours->list[i], &finding, error);
        if (status)
            break;
        summary->hours++;
        summary->differing += differences_count(&finding.differences) > 0;
        bar_end(&bar);
        listener->hour_done(listener->context, &finding);
    }
    bar_end(&bar);
    return status;
}

static void take_reason(void *context, const char *reason, int64_t messages)
{
    struct verify_summary *summary = context;
    struct rejected_reason *rejected = &summary->rejected[summary->rejected_count];

    if (summary->rejected_count == VERIFY_REASONS_MAX)
        return;
    snprintf(rejected->reason, sizeof(rejected->reason), "%s", reason);
    rejected->messages = messages;
    summary->rejected_count++;
}

static int check_counters(struct postgres *postgres, struct verify_summary *summary, struct error *error)
{
    struct ledger_counters *counters = &summary->counters;

    if (ledger_counters(postgres, counters, error))
        return -1;
    if (counters->hour_rows != counters->archived || counters->hour_bytes != counters->archived_bytes)
        differences_add(
            &summary->differences, CAUSE_COUNTERS_EDITED,
            "antenna.progress counts %lld rows and %lld bytes as archived, the hours add up to %lld and %lld",
            (long long)counters->archived, (long long)counters->archived_bytes, (long long)counters->hour_rows,
            (long long)counters->hour_bytes);
    if (counters->rejected != counters->rejected_counts)
        differences_add(&summary->differences, CAUSE_COUNTERS_EDITED,
                        "antenna.progress counts %lld rejected messages, antenna.rejected_count adds up to %lld",
                        (long long)counters->rejected, (long long)counters->rejected_counts);
    return ledger_rejected(postgres, take_reason, summary, error);
}

static void note_impossible(const struct ledger_impossible *found, const char *table, enum cause cause,
                            struct differences *differences)
{
    if (found->rows)
        differences_add(differences, cause,
                        "table \"%s\" has %lld rows with dates that no event has, before 2000 or after 2099, the first "
                        "at %s",
                        table, (long long)found->rows, found->first);
}

/* These rows are in no hour of an archive, but views show them. */
static int check_dates(const struct verify_tools *tools, struct differences *differences, struct error *error)
{
    struct ledger_impossible speed = {0}, hourly = {0};

    if (ledger_find_impossible(tools->postgres, &tools->tables, &speed, &hourly, error))
        return -1;
    note_impossible(&speed, tools->tables.bytes, CAUSE_SPEED_EDITED, differences);
    note_impossible(&hourly, tools->tables.bytes_hourly, CAUSE_HOURLY_EDITED, differences);
    return 0;
}

static void note_strays(const struct file_names *strays, struct differences *differences)
{
    for (size_t i = 0; i < strays->count && i < STRAYS_SHOWN_MAX; i++)
        differences_add(differences, CAUSE_FILE_UNLISTED, "\"%s\" lies in no folder of an hour", strays->names[i]);
    if (strays->count > STRAYS_SHOWN_MAX)
        differences_add(differences, CAUSE_FILE_UNLISTED, "and %zu more files", strays->count - STRAYS_SHOWN_MAX);
}

/* The folders are read before the list: a file that a writer moves there is listed by then. */
static int find_hours(const struct verify_tools *tools, const struct range *range, struct hour_list *hours,
                      struct differences *differences, struct error *error)
{
    cleanup(survey_release) struct survey survey = {0};

    if (survey_storage(tools->storage_path, range->from, range->to, &survey, error))
        return -1;
    note_strays(&survey.strays, differences);
    return ledger_hours(tools->postgres, &tools->tables, range->from, range->to, survey.hours, survey.hour_count, hours,
                        error);
}

static int run(struct verify_tools *tools, const struct config *config, const struct range *range,
               const struct verify_listener *listener, struct verify_summary *summary, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};
    const struct reader_settings settings = {
        tools->storage_path, config_has(config, OPTION_MEMORY_LIMIT) ? config_number(config, OPTION_MEMORY_LIMIT) : 0};
    char id[DATA_SET_ID_SIZE];

    if (schema_check(tools->postgres, config, error) ||
        identity_check(tools->postgres, tools->storage_path, IDENTITY_READ, id, error) ||
        reader_open(&settings, &tools->reader, error) || check_dates(tools, &summary->differences, error) ||
        find_hours(tools, range, &hours, &summary->differences, error) ||
        verify_hours(tools, &hours, listener, summary, error))
        return -1;
    return check_counters(tools->postgres, summary, error);
}

int verify_run(const struct config *config, const struct verify_listener *listener, struct verify_summary *ret_summary,
               struct error *error)
{
    struct verify_tools tools = {
        .tables = {config_text(config, OPTION_JDBC_TABLE), config_text(config, OPTION_BYTES_HOURLY_TABLE)},
        .storage_path = config_text(config, OPTION_STORAGE_PATH),
        .deep = config_flag(config, OPTION_DEEP),
    };
    struct range range = {0};
    int status;

    *ret_summary = (struct verify_summary){0};
    if (read_range(config, &range, error) || storage_check(tools.storage_path, error) ||
        login(config, &tools.postgres, error))
        return -1;
    status = run(&tools, config, &range, listener, ret_summary, error);
    reader_close(tools.reader);
    postgres_close(tools.postgres);
    if (status)
        return -1;
    return ret_summary->differing || ret_summary->differences.count ? 1 : 0;
}

void verify_summary_release(struct verify_summary *summary)
{
    differences_release(&summary->differences);
}
