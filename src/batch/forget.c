#include "batch/forget.h"

#include <inttypes.h>
#include <string.h>

#include "archive/hour_folder.h"
#include "archive/identity.h"
#include "archive/recover.h"
#include "archive/survey.h"
#include "archive/traces.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "batch/rewrite.h"
#include "batch/walk.h"
#include "postgres/ledger.h"
#include "postgres/schema.h"
#include "record/record.h"

/* An hour of which files are listed while it is rewritten is begun again. */
#define ATTEMPTS 3

/* Why a transaction of an hour is rolled back. */
enum { WAITS = 1, LISTED_MEANWHILE };

/* One call. */
struct forgetting_run {
    const struct config *config;
    const struct forget_listener *listener;
    struct rewrite_tools tools;
    char *root; /* of the archive; NULL: there is none */
    bool dry_run;
    struct forgetting user;
    struct walk walk;
    struct forget_summary summary;
};

/* One hour of it. */
struct hour_run {
    const struct forgetting_run *run;
    struct forget_report *report;
    struct listed_files files;
    struct file_names paths; /* of these, and behind them of the files that are not listed */
    struct groups groups;    /* the listed files with rows of the user */
};

static void release_hour(struct hour_run *hour)
{
    groups_release(&hour->groups);
    file_names_release(&hour->paths);
    listed_files_release(&hour->files);
}

/* What a writer, or a recovery, moves to its place yet would come after its rows were changed. */
static int find_listed(struct hour_run *hour, struct error *error)
{
    const char *storage_path = hour->run->tools.storage_path;

    if (hours_files(hour->run->tools.postgres, hour->report->hour, &hour->files, error))
        return -1;
    for (size_t i = 0; i < hour->files.count; i++) {
        const struct listed_file *file = &hour->files.list[i];
        cleanup(memory_free) char *place = memory_printf("%s/%s", storage_path, file->path);
        cleanup(memory_free) char *found = NULL;

        if (file->replaced)
            return error_set(error, ANT_HOUR_CHANGED, "a compaction of the hour, or a removal, is not at its end");
        if (hour_folder_find(storage_path, file->path, HOUR_FOLDER_PUBLISH_MS, &found, error))
            return -1;
        if (strcmp(found, place) != 0)
            return error_set(error, ANT_HOUR_CHANGED, "\"%s\" is not in its place yet", found);
        file_names_add(&hour->paths, place);
    }
    return 0;
}

/* Which files the folder has besides, nobody but their program may change. */
static int find_unlisted(struct hour_run *hour, struct error *error)
{
    const struct rewrite_tools *tools = &hour->run->tools;
    cleanup(hour_folder_release) struct hour_folder folder = {0};

    if (hour_folder_list(tools->storage_path, hour->report->hour, &folder, error))
        return -1;
    for (size_t i = 0; i < folder.paths.count; i++) {
        const char *below = folder.paths.names[i] + strlen(tools->storage_path) + 1;

        if (!listed_files_have(&hour->files, below))
            file_names_add(&hour->paths, folder.paths.names[i]);
    }
    if (!folder.others)
        return 0;
    error_set(error, ANT_USER_ELSEWHERE,
              "the hour's folder has %zu entries that are no Parquet files and may name the user", folder.others);
    return error_hint(error, "move them out of the storage-path");
}

static int refuse_foreign(const char *path, int64_t rows, struct error *error)
{
    error_set(error, ANT_USER_ELSEWHERE, "\"%s\" has %" PRId64 " rows of the user and is not listed", path, rows);
    return error_hint(error, "have the program that wrote it erase the user, or move it away, and run this again");
}

static int choose_files(struct hour_run *hour, struct error *error)
{
    cleanup(memory_free) int64_t *rows = memory_new(hour->paths.count, sizeof(*rows));
    int status = traces_count(hour->run->tools.reader, &hour->paths, hour->run->user.id, rows, error);

    for (size_t i = 0; i < hour->paths.count && !status; i++) {
        if (rows[i] && i >= hour->files.count)
            status = refuse_foreign(hour->paths.names[i], rows[i], error);
        else if (rows[i])
            groups_add(&hour->groups, &hour->files.list[i], hour->files.count);
        hour->report->file_rows += rows[i];
    }
    hour->report->files = (int64_t)hour->groups.count;
    return status;
}

/* No file is listed from here on, if the hour has a row, which is locked. */
static int check_list(const struct hour_run *hour, bool *ret_pruned, struct error *error)
{
    cleanup(listed_files_release) struct listed_files now = {0};
    struct pruned_parts pruned = {0};

    if (hours_pruned(hour->run->tools.postgres, hour->report->hour, true, &pruned, error) ||
        hours_files(hour->run->tools.postgres, hour->report->hour, &now, error))
        return -1;
    for (size_t i = 0; i < now.count; i++)
        if (!listed_files_have(&hour->files, now.list[i].path))
            return LISTED_MEANWHILE;
    *ret_pruned = pruned.totals;
    return 0;
}

static bool is_empty(const struct forget_report *report)
{
    return !report->files && !report->rows.totals && !report->rows.hourly_totals;
}

/* Files are looked at last: the first of an hour, before which there is no row to lock, may be listed until then, and
 * settles it. Of whom the window totals have nothing, nothing is on its way either, unless the totals that would show
 * it were removed. */
static int change_tables(void *context, struct error *error)
{
    struct hour_run *hour = context;
    struct forget_report *report = hour->report;
    bool pruned = false;
    int status =
        forget_hour(hour->run->tools.postgres, hour->run->config, &hour->run->user, report->hour, &report->rows, error);
    int listed = status < 0 ? 0 : check_list(hour, &pruned, error);

    if (listed)
        return listed;
    return status == WAITS && is_empty(report) && !pruned ? 0 : status;
}

static int change_tables_alone(struct hour_run *hour, struct error *error)
{
    struct postgres *postgres = hour->run->tools.postgres;
    int status;

    if (postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error))
        return -1;
    status = change_tables(hour, error);
    if (!status && !hour->run->dry_run)
        return postgres_commit(postgres, error);
    postgres_rollback(postgres);
    return status;
}

/* Its token shows whose the files in a swap are: it is new for each hour, as that of compaction. */
static int rewrite(struct hour_run *hour, struct error *error)
{
    const struct forgetting_run *run = hour->run;
    const struct changed_id changed = {run->user.id, run->user.pseudonym};
    const struct rewrite rewrite = {&run->tools, hour->report->hour, &hour->groups, &changed, change_tables, hour};
    struct staging *staging = NULL;
    int status;

    if (staging_open(run->root, &staging, error))
        return -1;
    status = rewrite_files(&rewrite, staging, error);
    staging_close(staging);
    return status;
}

static int forget_once(const struct forgetting_run *run, struct forget_report *report, struct error *error)
{
    cleanup(release_hour) struct hour_run hour = {.run = run, .report = report};

    if (run->root && (find_listed(&hour, error) || find_unlisted(&hour, error) || choose_files(&hour, error)))
        return -1;
    return hour.groups.count && !run->dry_run ? rewrite(&hour, error) : change_tables_alone(&hour, error);
}

static int forget_held(const struct forgetting_run *run, struct forget_report *report, struct error *error)
{
    for (int left = ATTEMPTS; left; left--) {
        struct forget_report again = {.hour = report->hour};
        int status = forget_once(run, &again, error);

        if (status == LISTED_MEANWHILE)
            continue;
        if (status < 0) {
            postgres_rollback(run->tools.postgres);
            return -1;
        }
        again.waits = status == WAITS;
        *report = again;
        return 0;
    }
    return error_set(error, ANT_HOUR_CHANGED, "files of the hour were listed again and again meanwhile");
}

static int hold_and_forget(const struct forgetting_run *run, struct forget_report *report, struct error *error)
{
    struct postgres *postgres = run->tools.postgres;
    int status;

    if (hours_hold(postgres, report->hour, error))
        return -1;
    status = forget_held(run, report, error);
    hours_try_release(postgres, report->hour);
    return status;
}

static void add_report(struct forget_summary *summary, const struct forget_report *report)
{
    if (report->waits) {
        summary->waiting++;
        return;
    }
    summary->hours++;
    summary->files += report->files;
    summary->file_rows += report->file_rows;
    summary->rows.totals += report->rows.totals;
    summary->rows.hourly_totals += report->rows.hourly_totals;
}

static int run_hour(void *context, const struct hour_entry *entry, struct error *error)
{
    struct forgetting_run *run = context;
    struct forget_report report = {.hour = entry->hour};
    char text[TIME_TEXT_SIZE];

    if (hold_and_forget(run, &report, error))
        return error_context(error, "could not erase the user in the hour %s", time_format(entry->hour, text));
    if (is_empty(&report) && !report.waits)
        return 0;
    add_report(&run->summary, &report);
    bar_end(&run->walk.bar);
    run->listener->hour_done(run->listener->context, &report);
    return 0;
}

/* Files of no hour are no part of the archive, and yet in its folder. */
static int check_strays(struct forgetting_run *run, const struct file_names *strays, struct error *error)
{
    for (size_t i = 0; i < strays->count; i++) {
        const struct file_names one = {&strays->names[i], 1};
        int64_t rows = 0;

        if (traces_count(run->tools.reader, &one, run->user.id, &rows, error))
            return -1;
        if (rows)
            return refuse_foreign(one.names[0], rows, error);
    }
    return 0;
}

/* All hours of which anything is known. The folders are read before the list, as verify does. */
static int find_hours(struct forgetting_run *run, struct hour_list *hours, struct error *error)
{
    const struct ledger_tables tables = {config_text(run->config, OPTION_JDBC_TABLE),
                                         config_text(run->config, OPTION_BYTES_HOURLY_TABLE)};
    cleanup(survey_release) struct survey survey = {0};

    if (run->root && (survey_storage(run->tools.storage_path, RECORD_TIME_MIN, RECORD_TIME_END, &survey, error) ||
                      check_strays(run, &survey.strays, error)))
        return -1;
    return ledger_hours(run->tools.postgres, &tables, RECORD_TIME_MIN, RECORD_TIME_END, survey.hours, survey.hour_count,
                        hours, error);
}

/* Ends the transaction of what is no hour's. */
static int end_transaction(const struct forgetting_run *run, struct error *error)
{
    if (!run->dry_run)
        return postgres_commit(run->tools.postgres, error);
    postgres_rollback(run->tools.postgres);
    return 0;
}

static int begin(struct forgetting_run *run, struct error *error)
{
    struct postgres *postgres = run->tools.postgres;

    return postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error) ||
                   forget_begin(postgres, run->config, &run->user, &run->summary.rows, error) ||
                   end_transaction(run, error)
               ? -1
               : 0;
}

/* The user may have been loaded again since the beginning, perhaps with another name and address. The history of
 * quotas, by which hours that are left would find the user's address again, goes last. */
static int end(struct forgetting_run *run, struct error *error)
{
    struct postgres *postgres = run->tools.postgres;
    struct forget_summary *summary = &run->summary;
    bool whole;

    if (postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error) ||
        (!run->dry_run && forget_begin(postgres, run->config, &run->user, &summary->rows, error)) ||
        forget_rest(postgres, run->config, &run->user, &summary->rows, error))
        return -1;
    whole = !summary->failed && !summary->waiting && !summary->left;
    if (whole && !run->dry_run && forget_count_traces(postgres, run->config, &run->user, &summary->meanwhile, error))
        return -1;
    if (whole && !summary->meanwhile && forget_end(postgres, run->config, &run->user, &summary->rows, error))
        return -1;
    if (whole && !summary->meanwhile && !run->dry_run && forget_refuse_left(postgres, run->config, &run->user, error))
        return -1;
    return end_transaction(run, error);
}

static int forget(struct forgetting_run *run, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};

    if (find_hours(run, &hours, error) || begin(run, error) ||
        walk_hours(&run->walk, run->tools.postgres, &hours, run_hour, run, error))
        return -1;
    run->summary.failed = run->walk.failed;
    run->summary.left = run->walk.left;
    return end(run, error) || walk_result(&run->walk, hours.count, error) ? -1 : 0;
}

/* Before the first row is changed: of an archive that cannot be written, the rest of the user could not be erased. */
static int check_writable(const char *root, struct error *error)
{
    struct staging *staging = NULL;

    if (staging_open(root, &staging, error))
        return -1;
    staging_close(staging);
    return 0;
}

/* Without an archive there is nothing but tables. */
static int open_archive(struct forgetting_run *run, struct error *error)
{
    const struct config *config = run->config;
    const struct reader_settings settings = {run->tools.storage_path, config_has(config, OPTION_MEMORY_LIMIT)
                                                                          ? config_number(config, OPTION_MEMORY_LIMIT)
                                                                          : 0};
    struct data_set_archive archive;
    char id[DATA_SET_ID_SIZE];

    if (!run->tools.storage_path) {
        if (data_set_read_archive(run->tools.postgres, &archive, error))
            return -1;
        return archive.marked || archive.listed ? config_require(config, OPTION_STORAGE_PATH, error) : 0;
    }
    if (storage_check(run->tools.storage_path, error) ||
        identity_check(run->tools.postgres, run->tools.storage_path, IDENTITY_READ, id, error) ||
        storage_find_root(run->tools.storage_path, &run->root, error) ||
        reader_open(&settings, &run->tools.reader, error))
        return -1;
    return run->dry_run ? 0
                        : check_writable(run->root, error) || recover_abandoned(run->tools.postgres, run->root, error);
}

int forget_run(const struct config *config, const struct forget_listener *listener, struct forget_summary *ret_summary,
               struct error *error)
{
    struct forgetting_run run = {
        .config = config,
        .listener = listener,
        .tools = {.storage_path = config_text(config, OPTION_STORAGE_PATH),
                  .codec = (enum parquet_codec)config_number(config, OPTION_COMPRESSION)},
        .dry_run = config_flag(config, OPTION_DRY_RUN),
        .user = {.id = config_text(config, OPTION_FORGOTTEN_USER)},
        .walk = {.what = "erase the user in"},
    };
    int status;

    *ret_summary = (struct forget_summary){0};
    if (!text_is_utf8(run.user.id))
        return error_set(error, ANT_VALUE_INVALID, "invalid value for user: it is not UTF-8, as all ids are");
    status = login(config, &run.tools.postgres, error) || schema_check(run.tools.postgres, config, error) ||
                     open_archive(&run, error) || forget(&run, error)
                 ? -1
                 : 0;
    reader_close(run.tools.reader);
    postgres_close(run.tools.postgres);
    forgetting_release(&run.user);
    memory_free(&run.root);
    *ret_summary = run.summary;
    return status;
}
