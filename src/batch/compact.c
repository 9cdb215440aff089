#include "batch/compact.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/hour_folder.h"
#include "archive/merge.h"
#include "archive/recover.h"
#include "archive/swap.h"
#include "base/memory.h"
#include "base/time.h"
#include "batch/groups.h"
#include "postgres/archive_files.h"

/* The file that a group becomes. */
struct merged {
    char place[LAYOUT_PATH_SIZE]; /* below the storage path */
    int64_t size;
};

/* One hour under compaction. */
struct compaction {
    const struct compact_tools *tools;
    int64_t hour;
    struct staging *staging; /* new for each hour, so that its token shows whose the files in a swap are */
    struct swap *swap;
    struct listed_files files;
    struct groups groups;
    struct merged *merged; /* by group */
};

static void release(struct compaction *compaction)
{
    free(compaction->merged);
    groups_release(&compaction->groups);
    listed_files_release(&compaction->files);
    swap_free(compaction->swap);
    staging_close(compaction->staging);
}

static char *path_of(const struct compaction *compaction, const struct listed_file *file)
{
    return memory_printf("%s/%s", compaction->tools->storage_path, file->path);
}

/* Fails with the name of the file that is not as listed, after the merge has failed or gave something else; returns 0
 * when there is none. */
static int name_file(const struct compaction *compaction, const struct group *group, struct error *error)
{
    for (size_t i = 0; i < group->count; i++) {
        cleanup(memory_free) char *path = path_of(compaction, group->files[i]);
        struct file_content listed = groups_content(group->files[i]), found;

        if (reader_inspect(compaction->tools->reader, path, &found, error))
            return error_hint(error, "put the file back from a backup");
        if (groups_same_content(&listed, &found))
            continue;
        error_set(error, ERROR_MISTAKE,
                  "\"%s\" has %" PRId64 " rows with %" PRId64 " bytes from %" PRId64 " to %" PRId64
                  " instead of the listed %" PRId64 " rows with %" PRId64 " bytes from %" PRId64 " to %" PRId64,
                  path, found.rows, found.bytes_total, found.min_timestamp, found.max_timestamp, listed.rows,
                  listed.bytes_total, listed.min_timestamp, listed.max_timestamp);
        return error_hint(error, "put the file back from a backup");
    }
    return 0;
}

/* Nothing is replaced unless the new file holds what is listed of the old ones. */
static int compare_merged(const struct compaction *compaction, const struct group *group, const char *path,
                          struct error *error)
{
    struct file_content found;

    if (reader_inspect(compaction->tools->reader, path, &found, error))
        return -1;
    if (groups_same_content(&group->content, &found))
        return 0;
    if (name_file(compaction, group, error))
        return -1;
    return error_set(error, ERROR_FAILED,
                     "\"%s\" has %" PRId64 " rows with %" PRId64 " bytes instead of the %" PRId64 " rows with %" PRId64
                     " bytes of the %zu files from \"%s\" to \"%s\"",
                     path, found.rows, found.bytes_total, group->content.rows, group->content.bytes_total, group->count,
                     group->files[0]->path, group->files[group->count - 1]->path);
}

static int merge_group(struct compaction *compaction, size_t number, struct error *error)
{
    const struct group *group = &compaction->groups.list[number];
    struct merged *merged = &compaction->merged[number];
    const struct database_limits limits = reader_limits(compaction->tools->reader);
    cleanup(file_names_release) struct file_names paths = {0};
    cleanup(memory_free) char *to = NULL;
    char name[LAYOUT_NAME_SIZE];
    struct error reason;

    layout_name(name, compaction->hour, staging_token(compaction->staging), (unsigned)number + 1);
    if (layout_path(merged->place, name))
        return error_set(error, ERROR_FAILED, "made \"%s\", which is no name of an archive file", name);
    to = swap_path(compaction->swap, name);
    for (size_t i = 0; i < group->count; i++) {
        cleanup(memory_free) char *path = path_of(compaction, group->files[i]);

        file_names_add(&paths, path);
    }
    if (merge_files(&limits, &paths, to, compaction->tools->codec, &merged->size, error)) {
        /* DuckDB does not always say in which file it failed. */
        if (error->kind == ERROR_MISTAKE && !database_is_short(error) && name_file(compaction, group, &reason))
            *error = reason;
        return -1;
    }
    return compare_merged(compaction, group, to, error);
}

static int merge_groups(struct compaction *compaction, struct error *error)
{
    compaction->swap = swap_new(compaction->staging, compaction->hour, 0);
    compaction->merged = memory_new(compaction->groups.count, sizeof(*compaction->merged));
    if (swap_begin(compaction->swap, error))
        return -1;
    for (size_t i = 0; i < compaction->groups.count; i++)
        if (merge_group(compaction, i, error))
            return -1;
    return swap_sync(compaction->swap, error);
}

static int list_group(const struct compaction *compaction, size_t number, struct error *error)
{
    const struct group *group = &compaction->groups.list[number];
    const struct merged *merged = &compaction->merged[number];
    const char **replaced = memory_new(group->count, sizeof(*replaced));
    int status;

    for (size_t i = 0; i < group->count; i++)
        replaced[i] = group->files[i]->path;
    status =
        archive_files_replace(compaction->tools->postgres, merged->place, merged->size, replaced, group->count, error);
    free(replaced);
    return status;
}

static int list_groups(const struct compaction *compaction, struct error *error)
{
    struct postgres *postgres = compaction->tools->postgres;

    if (postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error) ||
        archive_files_hold(postgres, staging_token(compaction->staging), error))
        return -1;
    for (size_t i = 0; i < compaction->groups.count; i++)
        if (list_group(compaction, i, error))
            return -1;
    return postgres_commit(postgres, error);
}

/* From the commit on the hour goes to its end in one way only, the same after a crash. */
static int replace_files(struct compaction *compaction, struct error *error)
{
    struct postgres *postgres = compaction->tools->postgres;
    struct error reason;

    if (merge_groups(compaction, error) == 0 && list_groups(compaction, error) == 0 &&
        recover_swap(postgres, compaction->staging, compaction->swap, error) == 0)
        return 0;
    postgres_rollback(postgres);
    /* The folder of a retired writer belongs to the process that has retired it. */
    if (archive_files_check_writer(postgres, staging_token(compaction->staging), &reason)) {
        if (postgres_is_connected(postgres))
            *error = reason;
        return -1;
    }
    /* What cannot be done now is done by the next recovery. */
    if (recover_files(postgres, compaction->staging, &reason))
        return -1;
    return -1;
}

static bool is_unfinished(const struct listed_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].replaced)
            return true;
    return false;
}

static int compact_held(struct compaction *compaction, struct compact_report *report, struct error *error)
{
    const struct compact_tools *tools = compaction->tools;
    struct pruned_parts pruned = {0};

    if (hours_pruned(tools->postgres, compaction->hour, false, &pruned, error))
        return -1;
    /* Late files of an hour whose others were removed: each shows by itself whether the hourly totals have it. */
    if (pruned.archive) {
        report->result = COMPACT_FEW;
        return 0;
    }
    if (hours_files(tools->postgres, compaction->hour, &compaction->files, error))
        return -1;
    if (is_unfinished(&compaction->files)) {
        report->result = COMPACT_UNFINISHED;
        return 0;
    }
    if (groups_form(&compaction->groups, tools->storage_path, &compaction->files, error))
        return -1;
    *report = (struct compact_report){COMPACT_FEW, compaction->files.count, compaction->files.count};
    if (compaction->groups.count == 0)
        return 0;
    if (replace_files(compaction, error))
        return -1;
    report->result = COMPACT_MERGED;
    for (size_t i = 0; i < compaction->groups.count; i++)
        report->files_after -= compaction->groups.list[i].count - 1;
    return 0;
}

static int run(struct compaction *compaction, struct compact_report *report, struct error *error)
{
    struct postgres *postgres = compaction->tools->postgres;
    cleanup(memory_free) char *root = NULL;
    struct error ignored;
    int status;

    if (storage_find_root(compaction->tools->storage_path, &root, error) ||
        staging_open(root, &compaction->staging, error) || recover_abandoned(postgres, root, error) ||
        hours_hold(postgres, compaction->hour, error))
        return -1;
    status = compact_held(compaction, report, error);
    /* A connection that is lost has released the hour; the next statement fails. */
    if (hours_let_go(postgres, compaction->hour, &ignored))
        return status;
    return status;
}

int compact_hour(const struct compact_tools *tools, const struct hour_entry *entry, struct compact_report *ret_report,
                 struct error *error)
{
    cleanup(release) struct compaction compaction = {.tools = tools, .hour = entry->hour};
    struct compact_report report = {.result = COMPACT_OPEN};
    char text[TIME_TEXT_SIZE];

    if (entry->sealed && run(&compaction, &report, error))
        return error_context(error, "could not compact the hour %s", time_format(entry->hour, text));
    *ret_report = report;
    return 0;
}
