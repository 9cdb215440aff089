#include "batch/rewrite.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/disk.h"
#include "archive/recover.h"
#include "archive/swap.h"
#include "base/memory.h"
#include "postgres/archive_files.h"

/* The file that a group becomes. */
struct merged {
    char place[LAYOUT_PATH_SIZE]; /* below the storage path */
    int64_t size;
};

struct writing {
    const struct rewrite *rewrite;
    const struct rewrite_tools *tools;
    const struct staging *staging;
    struct swap *swap;
    struct merged *merged; /* by group */
};

static void release(struct writing *writing)
{
    free(writing->merged);
    swap_free(writing->swap);
}

static char *path_of(const struct writing *writing, const struct listed_file *file)
{
    return memory_printf("%s/%s", writing->tools->storage_path, file->path);
}

/* Fails with the name of the first file that is not as listed, after a merge that failed or gave other contents;
 * returns 0 when there is none. Each file is read alone, which is slow, and so only after a failure. */
static int name_file(const struct writing *writing, const struct group *group, struct error *error)
{
    for (size_t i = 0; i < group->count; i++) {
        cleanup(memory_free) char *path = path_of(writing, group->files[i]);
        struct file_content listed = groups_content(group->files[i]), found;

        if (reader_inspect(writing->tools->reader, path, &found, error))
            return error_hint(error, "put the file back from a backup");
        if (groups_same_content(&listed, &found))
            continue;
        error_set(error, ANT_FILE_ALTERED,
                  "\"%s\" has %" PRId64 " rows with %" PRId64 " bytes from %" PRId64 " to %" PRId64
                  " instead of the listed %" PRId64 " rows with %" PRId64 " bytes from %" PRId64 " to %" PRId64,
                  path, found.rows, found.bytes_total, found.min_timestamp, found.max_timestamp, listed.rows,
                  listed.bytes_total, listed.min_timestamp, listed.max_timestamp);
        return error_hint(error, "put the file back from a backup");
    }
    return 0;
}

/* Nothing is replaced unless the new file holds what is listed of the old ones. */
static int compare_merged(const struct writing *writing, const struct group *group, const char *path,
                          struct error *error)
{
    struct file_content found;

    if (reader_inspect(writing->tools->reader, path, &found, error))
        return -1;
    if (groups_same_content(&group->content, &found))
        return 0;
    if (name_file(writing, group, error))
        return -1;
    return error_set(error, ANT_DEFECT,
                     "\"%s\" has %" PRId64 " rows with %" PRId64 " bytes instead of the %" PRId64 " rows with %" PRId64
                     " bytes of the %zu files from \"%s\" to \"%s\"",
                     path, found.rows, found.bytes_total, group->content.rows, group->content.bytes_total, group->count,
                     group->files[0]->path, group->files[group->count - 1]->path);
}

static int merge_group(struct writing *writing, size_t number, struct error *error)
{
    const struct group *group = &writing->rewrite->groups->list[number];
    struct merged *merged = &writing->merged[number];
    const struct database_limits limits = reader_limits(writing->tools->reader);
    cleanup(file_names_release) struct file_names paths = {0};
    cleanup(memory_free) char *to = NULL;
    char name[LAYOUT_NAME_SIZE];
    struct error reason;

    layout_name(name, writing->rewrite->hour, staging_token(writing->staging), (unsigned)number + 1);
    if (layout_path(merged->place, name))
        return error_set(error, ANT_DEFECT, "made \"%s\", which is no name of an archive file", name);
    to = swap_path(writing->swap, name);
    for (size_t i = 0; i < group->count; i++) {
        cleanup(memory_free) char *path = path_of(writing, group->files[i]);

        if (disk_refuse_link(path, error)) /* its file would stay, and nothing would know it any more */
            return -1;
        file_names_add(&paths, path);
    }
    if (merge_files(&limits, &paths, writing->rewrite->changed, to, writing->tools->codec, &merged->size, error)) {
        /* DuckDB does not always say in which file it failed. */
        if (error_kind(error) == ERROR_CONFIGURATION && !database_is_short(error) && name_file(writing, group, &reason))
            *error = reason;
        return -1;
    }
    return compare_merged(writing, group, to, error);
}

static int merge_groups(struct writing *writing, struct error *error)
{
    writing->swap = swap_new(writing->staging, writing->rewrite->hour, 0);
    writing->merged = memory_new(writing->rewrite->groups->count, sizeof(*writing->merged));
    if (swap_begin(writing->swap, error))
        return -1;
    for (size_t i = 0; i < writing->rewrite->groups->count; i++)
        if (merge_group(writing, i, error))
            return -1;
    return swap_sync(writing->swap, error);
}

static int list_group(const struct writing *writing, size_t number, struct error *error)
{
    const struct group *group = &writing->rewrite->groups->list[number];
    const struct merged *merged = &writing->merged[number];
    const char **replaced = memory_new(group->count, sizeof(*replaced));
    int status;

    for (size_t i = 0; i < group->count; i++)
        replaced[i] = group->files[i]->path;
    status =
        archive_files_replace(writing->tools->postgres, merged->place, merged->size, replaced, group->count, error);
    free(replaced);
    return status;
}

/* archive_files_hold() shares the lock of the token and fails if it is retired: a recovery of this folder waits for the
 * outcome, or has deleted the new files already. The limit of idle time ends the transaction if this process freezes,
 * as the speed layer waits for its row locks. */
static int list_groups(const struct writing *writing, struct error *error)
{
    const struct rewrite *rewrite = writing->rewrite;
    struct postgres *postgres = writing->tools->postgres;
    int status = 0;

    if (postgres_begin(postgres, error) || hours_limit_idle_time(postgres, error) ||
        archive_files_hold(postgres, staging_token(writing->staging), error))
        return -1;
    if (rewrite->take_part)
        status = rewrite->take_part(rewrite->context, error);
    for (size_t i = 0; i < rewrite->groups->count && !status; i++)
        status = list_group(writing, i, error);
    return status ? status : postgres_commit(postgres, error);
}

/* After COMMIT there is one way on, recover_swap(), by this process or after a crash by another. */
static int replace_files(struct writing *writing, struct error *error)
{
    struct postgres *postgres = writing->tools->postgres;
    int status = merge_groups(writing, error);
    struct error reason;

    if (!status)
        status = list_groups(writing, error);
    if (!status)
        status = recover_swap(postgres, writing->staging, writing->swap, error);
    if (!status)
        return 0;
    postgres_rollback(postgres);
    /* The folder of a retired writer belongs to the process that has retired it. */
    if (archive_files_check_writer(postgres, staging_token(writing->staging), &reason)) {
        if (postgres_is_connected(postgres))
            *error = reason;
        return -1;
    }
    /* Cleans up at once; if this fails too, the next recovery does it. */
    if (recover_files(postgres, writing->staging, &reason))
        return status;
    return status;
}

int rewrite_files(const struct rewrite *rewrite, const struct staging *staging, struct error *error)
{
    cleanup(release) struct writing writing = {.rewrite = rewrite, .tools = rewrite->tools, .staging = staging};

    return replace_files(&writing, error);
}
