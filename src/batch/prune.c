#include "batch/prune.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/disk.h"
#include "archive/hour_folder.h"
#include "archive/identity.h"
#include "archive/recover.h"
#include "archive/swap.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "batch/walk.h"
#include "postgres/archive_files.h"
#include "postgres/schema.h"
#include "postgres/server.h"

static const enum option_id options[PRUNE_KINDS] = {
    [PRUNE_TOTALS] = OPTION_TOTALS_OLDER_THAN,   [PRUNE_ARCHIVE] = OPTION_ARCHIVE_OLDER_THAN,
    [PRUNE_HOURLY] = OPTION_HOURLY_OLDER_THAN,   [PRUNE_REJECTED] = OPTION_REJECTED_OLDER_THAN,
    [PRUNE_NOTICES] = OPTION_NOTICES_OLDER_THAN,
};

/* One call. */
struct pruning {
    const struct prune_tools *tools;
    const struct prune_listener *listener;
    struct prune_tables tables;
    struct staging *staging; /* whose token shows whose the files are that wait to be deleted; NULL: no files are */
    struct walk walk;
    struct prune_summary summary;
};

/* One hour of it. */
struct hour_pruning {
    const struct pruning *pruning;
    struct prune_hour hour;
    struct swap *swap;    /* NULL: no file is in its place */
    total_kind_set kinds; /* that the window totals have all of */
};

void prune_read_limits(const struct config *config, struct prune_limits *ret_limits, bool *ret_any)
{
    *ret_any = false;
    for (int kind = 0; kind < PRUNE_KINDS; kind++) {
        bool given = config_has(config, options[kind]);

        ret_limits->seconds[kind] = given ? config_number(config, options[kind]) / MS_PER_SECOND : PRUNE_FOR_EVER;
        *ret_any = *ret_any || given;
    }
}

static int refuse_sum(const char *what, const char *table, enum total_kind kind, int64_t found, int64_t wanted,
                      struct error *error)
{
    error_set(error, ANT_TOTALS_DIFFER, "the %s of table \"%s\" have %" PRId64 " bytes of %s instead of %" PRId64, what,
              table, found, total_kinds[kind].label, wanted);
    return error_hint(error, "see what differs with antenna verify, and repair it before");
}

/* What goes has been proven by its sums. Late events may be on their way between the two sides. */
static int check_sums(struct hour_pruning *run, const struct prune_tables *tables, const struct hour_sums *sums,
                      struct error *error)
{
    int64_t speed = sums->bytes + sums->rebuilt_unlisted_bytes - sums->pruned_total_bytes;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        int64_t more = sums->speed[kind] - speed;

        if (!total_kinds[kind].standard)
            continue;
        if (run->hour.totals && (more > sums->to_archive || more < -sums->to_total))
            return refuse_sum("window totals", tables->bytes, kind, sums->speed[kind], speed, error);
        if (!sums->hourly_pruned && sums->hourly[kind] != sums->batch_bytes)
            return refuse_sum("hourly totals", tables->bytes_hourly, kind, sums->hourly[kind], sums->batch_bytes,
                              error);
    }
    run->kinds = sums->speed_kinds;
    return 0;
}

/* Counts the files that are in their place. One that its writer has not moved there yet would come after it. */
static int find_files(const struct prune_tools *tools, int64_t hour, size_t *ret_count, struct error *error)
{
    cleanup(listed_files_release) struct listed_files files = {0};
    size_t missing = 0;
    char text[TIME_TEXT_SIZE];

    *ret_count = 0;
    if (hours_files(tools->postgres, hour, &files, error))
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        cleanup(memory_free) char *place = memory_printf("%s/%s", tools->storage_path, files.list[i].path);
        cleanup(memory_free) char *path = NULL;
        struct error ignored;

        if (files.list[i].replaced)
            return error_set(error, ANT_HOUR_CHANGED, "a compaction of the hour, or a removal, is not at its end");
        if (hour_folder_find(tools->storage_path, files.list[i].path, HOUR_FOLDER_PUBLISH_MS, &path, &ignored))
            missing++;
        else if (strcmp(path, place) != 0)
            return error_set(error, ANT_HOUR_CHANGED, "\"%s\" is not in its place yet", path);
        else if (disk_refuse_link(path, error))
            return -1;
        else
            ++*ret_count;
    }
    if (missing)
        log_line(LEVEL_WARNING, "%zu files of the hour %s are on the list and missing: they are taken off", missing,
                 time_format(hour, text));
    return 0;
}

static int prepare_files(struct hour_pruning *run, struct error *error)
{
    size_t count = 0;

    if (!run->hour.archive)
        return 0;
    if (find_files(run->pruning->tools, run->hour.hour, &count, error))
        return -1;
    if (!count)
        return 0;
    run->swap = swap_new(run->pruning->staging, run->hour.hour, 0);
    return swap_begin(run->swap, error);
}

/* Late files that were listed since the hour was found clean are in no hourly total. */
static int check_clean(const struct hour_pruning *run, struct error *error)
{
    struct pruned_parts pruned = {0};

    if (hours_pruned(run->pruning->tools->postgres, run->hour.hour, true, &pruned, error))
        return -1;
    return pruned.dirty && !pruned.hourly ? error_set(error, ANT_HOUR_CHANGED, "late events were archived meanwhile")
                                          : 0;
}

static int remove_rows(struct hour_pruning *run, struct prune_amounts *ret_amounts, struct error *error)
{
    const struct pruning *pruning = run->pruning;
    struct postgres *postgres = pruning->tools->postgres;
    const char *token = run->hour.archive ? staging_token(pruning->staging) : "";
    char name[LAYOUT_NAME_SIZE], place[LAYOUT_PATH_SIZE];

    layout_name(name, run->hour.hour, token, LAYOUT_SEQUENCE_NONE);
    if (run->hour.archive && layout_path(place, name))
        return error_set(error, ANT_DEFECT, "made \"%s\", which is no name of an archive file", name);
    if (postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error) ||
        (run->hour.archive && archive_files_hold(postgres, token, error)) || check_clean(run, error) ||
        prune_remove(postgres, &pruning->tables, &run->hour, run->kinds, place, ret_amounts, error) ||
        (run->hour.archive && !run->swap && archive_files_delete_replaced(postgres, token, run->hour.hour, error)))
        return -1;
    return postgres_commit(postgres, error);
}

/* As of one moment: late events may be committed while their hour is summed up, which takes two statements. */
static int read_sums(const struct pruning *pruning, int64_t hour, struct hour_sums *ret_sums, struct error *error)
{
    const struct ledger_tables ledger = {pruning->tables.bytes, pruning->tables.bytes_hourly};
    struct postgres *postgres = pruning->tools->postgres;
    int status;

    if (postgres_begin_snapshot(postgres, error))
        return -1;
    status = ledger_hour(postgres, &ledger, hour, ret_sums, error);
    postgres_rollback(postgres);
    return status;
}

/* From the commit on the hour goes to its end in one way only, the same after a crash. */
static int prune_held(struct hour_pruning *run, struct prune_report *report, struct error *error)
{
    const struct pruning *pruning = run->pruning;
    struct postgres *postgres = pruning->tools->postgres;
    struct hour_sums sums = {0};
    struct error ignored;

    report->hour = run->hour;
    if (pruning->tools->dry_run)
        return prune_count(postgres, &pruning->tables, &run->hour, &report->amounts, error);
    if (read_sums(pruning, run->hour.hour, &sums, error) || check_sums(run, &pruning->tables, &sums, error))
        return -1;
    if (prepare_files(run, error) == 0 && remove_rows(run, &report->amounts, error) == 0)
        return run->swap ? recover_swap(postgres, pruning->staging, run->swap, error) : 0;
    postgres_rollback(postgres);
    /* What cannot be done now is done by the next recovery. */
    if (run->swap && postgres_is_connected(postgres) && recover_files(postgres, pruning->staging, &ignored))
        return -1;
    return -1;
}

static void release_hour(struct hour_pruning *run)
{
    swap_free(run->swap);
}

/* Another process may have pruned or changed the hour since it was found: its lock keeps batch runs out. */
static int prune_hour(const struct pruning *pruning, int64_t hour, struct prune_report *report, struct error *error)
{
    cleanup(release_hour) struct hour_pruning run = {.pruning = pruning};
    cleanup(prune_hours_release) struct prune_hours again = {0};
    struct postgres *postgres = pruning->tools->postgres;
    int status;

    if (hours_hold(postgres, hour, error))
        return -1;
    status = prune_select(postgres, &pruning->tools->limits, hour, &again, error);
    if (!status && again.count) {
        run.hour = again.list[0];
        status = prune_held(&run, report, error);
    }
    hours_try_release(postgres, hour);
    return status;
}

static int run_hour(void *context, const struct hour_entry *entry, struct error *error)
{
    struct pruning *pruning = context;
    struct prune_report report = {0};
    char text[TIME_TEXT_SIZE];

    if (prune_hour(pruning, entry->hour, &report, error))
        return error_context(error, "could not prune the hour %s", time_format(entry->hour, text));
    if (!report.hour.hour)
        return 0;
    pruning->summary.hours++;
    bar_end(&pruning->walk.bar);
    pruning->listener->hour_done(pruning->listener->context, &report);
    return 0;
}

/* Each hour is pruned, whatever became of others. */
static int run_hours(struct pruning *pruning, const struct prune_hours *hours, struct error *error)
{
    cleanup(hour_list_release) struct hour_list list = {memory_new(hours->count, sizeof(*list.list)), hours->count};
    struct prune_summary *summary = &pruning->summary;
    const struct walk *walk = &pruning->walk;
    int status;

    for (size_t i = 0; i < hours->count; i++)
        list.list[i].hour = hours->list[i].hour;
    status = walk_hours(&pruning->walk, pruning->tools->postgres, &list, run_hour, pruning, error);
    summary->failed = walk->failed;
    summary->left = walk->left;
    summary->left_from = walk->left_from;
    return status;
}

/* Where files wait to be deleted, after what dead processes have left is deleted. */
static int open_staging(struct pruning *pruning, struct error *error)
{
    const struct prune_tools *tools = pruning->tools;
    cleanup(memory_free) char *root = NULL;

    if (tools->limits.seconds[PRUNE_ARCHIVE] == PRUNE_FOR_EVER || tools->dry_run)
        return 0;
    return storage_find_root(tools->storage_path, &root, error) || staging_open(root, &pruning->staging, error) ||
                   recover_abandoned(tools->postgres, root, error)
               ? -1
               : 0;
}

/* Of hours that are not complete nothing goes, however old they are. */
static int count_kept(struct pruning *pruning, struct error *error)
{
    const int64_t *seconds = pruning->tools->limits.seconds;
    int64_t least = INT64_MAX;

    for (int kind = PRUNE_TOTALS; kind <= PRUNE_HOURLY; kind++)
        if (seconds[kind] != PRUNE_FOR_EVER && seconds[kind] < least)
            least = seconds[kind];
    return least == INT64_MAX ? 0 : prune_count_old(pruning->tools->postgres, least, &pruning->summary.kept, error);
}

static int prune_all(struct pruning *pruning, struct error *error)
{
    const struct prune_tools *tools = pruning->tools;
    const int64_t rejected = tools->limits.seconds[PRUNE_REJECTED], notices = tools->limits.seconds[PRUNE_NOTICES];
    cleanup(prune_hours_release) struct prune_hours hours = {0};

    if (prune_tables_read(tools->postgres, &pruning->tables, error) || open_staging(pruning, error) ||
        prune_select(tools->postgres, &tools->limits, PRUNE_ALL_HOURS, &hours, error) ||
        run_hours(pruning, &hours, error) || count_kept(pruning, error))
        return -1;
    if (rejected != PRUNE_FOR_EVER && !stop_requested() &&
        prune_rejected(tools->postgres, rejected, tools->dry_run, &pruning->summary.rejected, error))
        return -1;
    if (notices != PRUNE_FOR_EVER && !stop_requested() &&
        prune_notices(tools->postgres, notices, tools->dry_run, &pruning->summary.notices, error))
        return -1;
    return walk_result(&pruning->walk, hours.count, error);
}

/* PostgreSQL decides what is old. Where its clock is ahead of this machine's, one of them is wrong, and what it calls
 * old may be young: it is kept for so much longer. */
static int allow_for_clock_skew(struct prune_tools *tools, struct error *error)
{
    struct server server = {0};
    int64_t ahead;

    if (server_query(tools->postgres, &server, error))
        return -1;
    ahead = (server.clock_ahead_ms - server.clock_doubt_ms) / MS_PER_SECOND;
    if (ahead <= 0)
        return 0;
    for (int kind = 0; kind < PRUNE_KINDS; kind++)
        if (tools->limits.seconds[kind] != PRUNE_FOR_EVER)
            tools->limits.seconds[kind] += ahead;
    if (ahead >= SECONDS_PER_MINUTE)
        log_line(LEVEL_WARNING,
                 "PostgreSQL's clock is %" PRId64 " s ahead of this machine's: all is kept for so much longer", ahead);
    return 0;
}

int prune_now(const struct prune_tools *tools, const struct prune_listener *listener, struct prune_summary *ret_summary,
              struct error *error)
{
    struct prune_tools adjusted = *tools;
    struct pruning pruning = {.tools = &adjusted, .listener = listener, .walk = {.what = "prune"}};
    int status = allow_for_clock_skew(&adjusted, error) || prune_all(&pruning, error) ? -1 : 0;

    staging_close(pruning.staging);
    prune_tables_release(&pruning.tables);
    *ret_summary = pruning.summary;
    return status;
}

static int check_options(const struct config *config, struct prune_tools *tools, struct error *error)
{
    bool any = false;

    prune_read_limits(config, &tools->limits, &any);
    if (!any) {
        error_set(error, ANT_ARGUMENT_MISSING, "nothing to remove: no limit is given");
        return error_hint(error, "give one or more of --totals-older-than, --archive-older-than, --hourly-older-than, "
                                 "--rejected-older-than and --notices-older-than, such as --totals-older-than 30d");
    }
    if (tools->limits.seconds[PRUNE_ARCHIVE] == PRUNE_FOR_EVER)
        return 0;
    return config_require(config, OPTION_STORAGE_PATH, error) || storage_check(tools->storage_path, error) ? -1 : 0;
}

int prune_run(const struct config *config, const struct prune_listener *listener, struct prune_summary *ret_summary,
              struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct prune_tools tools = {.storage_path = config_text(config, OPTION_STORAGE_PATH),
                                .dry_run = config_flag(config, OPTION_DRY_RUN)};
    char id[DATA_SET_ID_SIZE];

    *ret_summary = (struct prune_summary){0};
    if (check_options(config, &tools, error) || login(config, &postgres, error) ||
        schema_check(postgres, config, error) ||
        (tools.limits.seconds[PRUNE_ARCHIVE] != PRUNE_FOR_EVER &&
         identity_check(postgres, tools.storage_path, IDENTITY_READ, id, error)))
        return -1;
    tools.postgres = postgres;
    return prune_now(&tools, listener, ret_summary, error);
}
