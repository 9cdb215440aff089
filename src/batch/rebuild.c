#include "batch/rebuild.h"

#include <inttypes.h>

#include "archive/identity.h"
#include "base/time.h"
#include "batch/job.h"
#include "batch/walk.h"
#include "postgres/ledger.h"
#include "postgres/metrics.h"
#include "postgres/schema.h"
#include "postgres/window.h"

/* An hour whose files move while they are read, or that is changed meanwhile, is read again. */
#define ATTEMPTS 3

/* What one call works with. */
struct rebuild {
    const struct config *config;
    const char *table;
    struct postgres *postgres;
    struct reader *reader;
    struct input_rule rule;
    char archive_id[DATA_SET_ID_SIZE];
    int64_t window; /* seconds */
    bool counted;   /* a job has counted something: hours are complete when they are sealed */
    const struct rebuild_listener *listener;
    struct walk walk;
    struct rebuild_summary summary;
};

/* The rebuild of one hour. */
struct hour_run {
    const struct rebuild *rebuild;
    struct totals_writer writer;
    struct rebuild_report *report;
    bool outside; /* a row is none of the hour */
};

static void release_run(struct hour_run *run)
{
    totals_writer_release(&run->writer);
}

static int take_total(void *context, const struct hour_total *total, struct error *error)
{
    struct hour_run *run = context;

    /* Each event has one app, so the sums by app add up to those of the hour. */
    if (total->kind == TOTAL_APP_BYTES) {
        run->report->rows += total->events;
        if (__builtin_add_overflow(run->report->bytes, total->value, &run->report->bytes))
            return error_set(error, ANT_SUM_TOO_LARGE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    run->outside = run->outside || time_hour(total->window) != run->report->hour;
    return totals_write(&run->writer, total->window, total->kind, total->id, total->value, error);
}

static int sum_windows(struct hour_run *run, const struct input *input, total_kind_set kinds, struct error *error)
{
    const struct rebuild *rebuild = run->rebuild;
    const struct reader_files files = {&input->own, &input->foreign};

    if (rebuilt_begin(&run->writer, rebuild->postgres, rebuild->table, error))
        return -1;
    if (input->own.count + input->foreign.paths.count &&
        reader_sum_windows(rebuild->reader, &files, kinds, rebuild->window, take_total, run, error))
        return -1;
    if (totals_flush(&run->writer, error))
        return -1;
    return run->outside ? input_refuse_altered(input, rebuild->reader, error)
                        : input_check_bytes(input, rebuild->reader, run->report->bytes, error);
}

/* An unlisted file may have events of the hour or copies of them: only an operator can decide. */
static int refuse_stray(const struct input *input, struct error *error)
{
    if (!input->stray)
        return 0;
    error_set(error, ANT_FILE_UNLISTED, "\"%s\" is not listed", input->stray);
    return error_hint(error, "move it away, or read it, too, with --all-files when no listed file has its events");
}

static int refuse_waiting(const struct rebuild_report *report, int64_t number, const char *what, const char *where,
                          struct error *error)
{
    char hour[TIME_TEXT_SIZE];

    error_set(error, ANT_HOUR_INCOMPLETE, "%" PRId64 " %s of the hour %s %s", number, what,
              time_format(report->hour, hour), where);
    return error_hint(error, "run it again when antenna status shows that totals and archive are equally far: within "
                             "--roll-age of antenna speed, which must run until then");
}

#define NOT_ARCHIVED "in the window totals and not yet in the archive"
#define NOT_TOTALLED "in the archive and not yet in the window totals"

/*
 * The archive is the truth only for messages that both sides have passed. Messages that one side is ahead by would be
 * lost, or count twice. They show in three ways:
 * - Bytes: antenna.hour_bytes, which counts what commits have added, differs from the bytes of the archive.
 * - Events of 0 bytes: only a metric that counts events shows them.
 * - If each side is ahead in some partition, the differences may cancel out, so the hour is refused as a whole.
 */
static int refuse_ahead(const struct rebuild_report *report, bool allow_less, struct error *error)
{
    const struct rebuilt_state *state = &report->before;
    int64_t more = state->counted - report->bytes, more_events = state->events ? state->events - report->rows : 0;

    if (state->to_archive && more > 0)
        return refuse_waiting(report, more, "bytes", "are " NOT_ARCHIVED, error);
    if (state->to_total && more < 0)
        return refuse_waiting(report, -more, "bytes", "are " NOT_TOTALLED, error);
    if (more_events > 0 && more_events <= state->to_archive)
        return refuse_waiting(report, more_events, "events", "may be " NOT_ARCHIVED, error);
    if (more_events < 0 && -more_events <= state->to_total)
        return refuse_waiting(report, -more_events, "events", "may be " NOT_TOTALLED, error);
    if (state->to_archive && state->to_total)
        return refuse_waiting(report, state->to_archive + state->to_total, "messages",
                              "may be on their way, in both directions", error);
    if (more <= 0 || allow_less)
        return 0;
    error_set(error, ANT_TOTALS_LESS, "%" PRId64 " bytes were counted, and the %zu files of the hour have %" PRId64,
              state->counted, report->files, report->bytes);
    return error_hint(error, "give the storage-path, --old-storage-path and --all-files that have its rows, or replace "
                             "the totals by less with --allow-less");
}

/* The last step: metrics and window must not have changed since the scan, and are locked until COMMIT. Returns 1 if a
 * commit has counted events of the hour since the comparison: then the scan is repeated. */
static int apply(const struct rebuild *rebuild, const struct input *input, struct rebuild_report *report,
                 total_kind_set kinds, struct error *error)
{
    const struct rebuilt_input made_of = {
        .bytes = report->bytes,
        .unlisted_rows = report->rows - input->listed_rows,
        .unlisted_bytes = report->bytes - input->listed_bytes,
    };
    int status;

    if (hours_limit_idle_time(rebuild->postgres, error))
        return -1;
    status = rebuilt_apply(rebuild->postgres, rebuild->table, report->hour, &report->before, &made_of, error);
    if (status > 0) {
        error_set(error, ANT_HOUR_CHANGED, "events of the hour were counted while its window totals were rebuilt");
        error_hint(error, "run it again");
    }
    if (status)
        return status;
    if (metrics_hold(rebuild->postgres, kinds, error) || window_check(rebuild->postgres, rebuild->window, error) ||
        postgres_commit(rebuild->postgres, error))
        return -1;
    report->rebuilt = true;
    return 0;
}

/* If a file was listed after the list was read, the sums lack its rows, and the hour is read again. */
static int check_list(const struct rebuild_report *report, const struct input *input, struct error *error)
{
    if (report->before.listed_rows == input->listed_rows)
        return 0;
    error_set(error, ANT_LIST_EDITED,
              "antenna.hour counts %" PRId64 " rows, and the %zu files that were read have %" PRId64
              ": files were listed meanwhile, or one list was edited",
              report->before.listed_rows, input->own.count, input->listed_rows);
    error_hint(error, "run it again; antenna verify shows an edited list");
    return 1;
}

/* After prune one side has only late events of the hour: the other cannot be derived from it. */
static int refuse_pruned(const struct rebuild *rebuild, const struct rebuild_report *report, struct error *error)
{
    struct pruned_parts pruned = {0};

    if (hours_pruned(rebuild->postgres, report->hour, false, &pruned, error))
        return -1;
    if (!pruned.archive && !pruned.totals)
        return 0;
    error_set(error, ANT_HOUR_PRUNED, "the %s of the hour were removed by antenna prune",
              pruned.archive ? "files" : "window totals");
    return error_hint(error, "leave the hour out: antenna.hour shows what was removed, and when");
}

/* Returns 1, with the reason, when the hour was changed meanwhile. */
static int rebuild_once(const struct rebuild *rebuild, struct input *input, struct rebuild_report *report,
                        struct error *error)
{
    cleanup(release_run) struct hour_run run = {.rebuild = rebuild, .report = report};
    bool allow_less = config_flag(rebuild->config, OPTION_ALLOW_LESS);
    total_kind_set kinds = 0;
    int status;

    if (postgres_begin(rebuild->postgres, error) || hours_lock(rebuild->postgres, report->hour, error) ||
        refuse_pruned(rebuild, report, error) || metrics_read(rebuild->postgres, &kinds, error) ||
        input_read(&rebuild->rule, rebuild->postgres, true, rebuild->reader, report->hour, input, error) ||
        refuse_stray(input, error))
        return -1;
    report->files = input->own.count + input->foreign.paths.count;
    report->rejects = input->rejects;
    if (sum_windows(&run, input, kinds, error) ||
        rebuilt_compare(rebuild->postgres, rebuild->table, report->hour, &report->before, error))
        return -1;
    status = check_list(report, input, error);
    if (status)
        return status;
    if (refuse_ahead(report, allow_less, error) ||
        (!allow_less && input_check_noted(input, rebuild->postgres, report->hour, report->bytes, error)))
        return -1;
    if (!config_flag(rebuild->config, OPTION_DRY_RUN))
        return apply(rebuild, input, report, kinds, error);
    postgres_rollback(rebuild->postgres);
    return 0;
}

static int rebuild_hour(const struct rebuild *rebuild, int64_t hour, struct rebuild_report *ret_report,
                        struct error *error)
{
    char text[TIME_TEXT_SIZE];

    for (int left = ATTEMPTS; left; left--) {
        cleanup(input_release) struct input input = {0};
        struct rebuild_report report = {.hour = hour, .sealed = true};
        int status = rebuild_once(rebuild, &input, &report, error);

        if (status == 0) {
            *ret_report = report;
            return 0;
        }
        postgres_rollback(rebuild->postgres);
        if (status < 0 && !input_has_moved(&input))
            break;
    }
    identity_explain(rebuild->rule.storage_path, rebuild->archive_id, error);
    return error_context(error, "could not rebuild the window totals of the hour %s", time_format(hour, text));
}

static int run_hour(void *context, const struct hour_entry *entry, struct error *error)
{
    struct rebuild *rebuild = context;
    struct rebuild_summary *summary = &rebuild->summary;
    struct rebuild_report report = {.hour = entry->hour};

    if (entry->sealed || !rebuild->counted) {
        if (rebuild_hour(rebuild, entry->hour, &report, error))
            return -1;
        summary->hours++;
    } else if (summary->open++ == 0)
        summary->left_from = entry->hour;
    bar_end(&rebuild->walk.bar);
    rebuild->listener->hour_done(rebuild->listener->context, &report);
    return 0;
}

/* Each hour is looked at, whatever became of others. */
static int run_hours(struct rebuild *rebuild, const struct hour_list *hours, struct error *error)
{
    struct rebuild_summary *summary = &rebuild->summary;
    const struct walk *walk = &rebuild->walk;
    int status = walk_hours(&rebuild->walk, rebuild->postgres, hours, run_hour, rebuild, error);

    summary->failed = walk->failed;
    summary->left = walk->left;
    if (walk->left && !summary->open)
        summary->left_from = walk->left_from;
    return status || walk_result(walk, hours->count, error) ? -1 : 0;
}

static int run(struct rebuild *rebuild, int64_t from, int64_t to, struct error *error)
{
    const struct config *config = rebuild->config;
    const struct reader_settings settings = {
        rebuild->rule.storage_path,
        config_has(config, OPTION_MEMORY_LIMIT) ? config_number(config, OPTION_MEMORY_LIMIT) : 0};
    cleanup(hour_list_release) struct hour_list hours = {0};
    struct ledger_counters counters;

    if (reader_open(&settings, &rebuild->reader, error) || input_check_rule(&rebuild->rule, rebuild->reader, error) ||
        login(config, &rebuild->postgres, error) || schema_check(rebuild->postgres, config, error) ||
        input_check_archive(&rebuild->rule, rebuild->postgres, false, rebuild->archive_id, error) ||
        window_read(rebuild->postgres, &rebuild->window, error) ||
        ledger_counters(rebuild->postgres, &counters, error) ||
        hours_in_range(rebuild->postgres, from, to, &hours, error))
        return -1;
    rebuild->counted = counters.totalled || counters.archived;
    return run_hours(rebuild, &hours, error);
}

static int read_range(const struct config *config, int64_t *ret_from, int64_t *ret_to, struct error *error)
{
    if (config_require(config, OPTION_STORAGE_PATH, error) || config_require(config, OPTION_FROM, error))
        return -1;
    *ret_from = time_hour(config_number(config, OPTION_FROM));
    *ret_to = config_has(config, OPTION_TO) ? time_hour(config_number(config, OPTION_TO)) : *ret_from;
    return batch_check_range(*ret_from, *ret_to, error);
}

/* Window totals contain the listed rows, so without this archive they would be removed. */
static int require_storage_path(const struct input_rule *rule, struct error *error)
{
    if (rule->storage_path)
        return 0;
    error_set(error, ANT_VALUE_INVALID, "invalid value for storage-path: \"-\" names none");
    return error_hint(error, "give the folder that holds year=…");
}

int rebuild_run(const struct config *config, const struct rebuild_listener *listener,
                struct rebuild_summary *ret_summary, struct error *error)
{
    struct rebuild rebuild = {
        .config = config,
        .table = config_text(config, OPTION_JDBC_TABLE),
        .listener = listener,
        .walk = {.what = "rebuild the window totals of", .one_fails = true},
    };
    int64_t from = 0, to = 0;
    int status;

    *ret_summary = (struct rebuild_summary){0};
    if (read_range(config, &from, &to, error) || input_read_rule(config, &rebuild.rule, error) ||
        require_storage_path(&rebuild.rule, error))
        return -1;
    status = run(&rebuild, from, to, error);
    reader_close(rebuild.reader);
    postgres_close(rebuild.postgres);
    *ret_summary = rebuild.summary;
    return status;
}
