#include "batch/compact.h"

#include "archive/hour_folder.h"
#include "archive/recover.h"
#include "base/memory.h"
#include "base/time.h"

/* The compaction of one hour. */
struct compaction {
    const struct rewrite_tools *tools;
    int64_t hour;
    struct staging *staging; /* new for each hour, so that its token shows whose the files in a swap are */
    struct listed_files files;
    struct groups groups;
};

static void release(struct compaction *compaction)
{
    groups_release(&compaction->groups);
    listed_files_release(&compaction->files);
    staging_close(compaction->staging);
}

/* Files with `replaced_by` belong to a swap that has not ended: recovery must end it before the next compaction. */
static bool is_unfinished(const struct listed_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].replaced)
            return true;
    return false;
}

static int compact_held(struct compaction *compaction, struct compact_report *report, struct error *error)
{
    const struct rewrite_tools *tools = compaction->tools;
    const struct rewrite rewrite = {.tools = tools, .hour = compaction->hour, .groups = &compaction->groups};
    struct pruned_parts pruned = {0};

    if (hours_pruned(tools->postgres, compaction->hour, false, &pruned, error))
        return -1;
    /* Files of a pruned hour are not merged: for each it is stored whether its rows are in the hourly totals
     * (added_at). */
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
    if (rewrite_files(&rewrite, compaction->staging, error))
        return -1;
    report->result = COMPACT_MERGED;
    for (size_t i = 0; i < compaction->groups.count; i++)
        report->files_after -= compaction->groups.list[i].count - 1;
    return 0;
}

/* Dead writers' folders are recovered first, as a swap of this hour may be among them. The hour is held by a lock of
 * the session, not of a transaction: it must outlive the transaction that lists the new files, until the folders are
 * exchanged and the old files deleted. */
static int run(struct compaction *compaction, struct compact_report *report, struct error *error)
{
    struct postgres *postgres = compaction->tools->postgres;
    cleanup(memory_free) char *root = NULL;
    int status;

    if (storage_find_root(compaction->tools->storage_path, &root, error) ||
        staging_open(root, &compaction->staging, error) || recover_abandoned(postgres, root, error) ||
        hours_hold(postgres, compaction->hour, error))
        return -1;
    status = compact_held(compaction, report, error);
    hours_try_release(postgres, compaction->hour);
    return status;
}

int compact_hour(const struct rewrite_tools *tools, const struct hour_entry *entry, struct compact_report *ret_report,
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
