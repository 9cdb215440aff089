#include "archive/recover.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/spill.h"
#include "archive/swap.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "postgres/archive_files.h"

/* Sets ret_listed[i] for names[i]; what has no name of ours is not listed. */
static int find_listed(struct postgres *postgres, const struct file_names *names, bool *ret_listed, struct error *error)
{
    char(*places)[LAYOUT_PATH_SIZE] = memory_new(names->count, sizeof(*places));
    const char **paths = memory_new(names->count, sizeof(*paths));
    int status;

    for (size_t i = 0; i < names->count; i++)
        paths[i] = layout_path(places[i], names->names[i]) ? "" : places[i];
    status = archive_files_find(postgres, paths, names->count, ret_listed, error);
    free(paths);
    free(places);
    return status;
}

/* Deletes the new files of a merge whose transaction was not committed. Only names with the writer's token: before the
 * exchange the folder may also have second names of other files of the hour, which swap_end() puts back. */
static int drop_unlisted(struct postgres *postgres, const struct staging *staging, const struct swap *swap,
                         struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};
    bool *listed;
    int status;

    if (swap_list(swap, &names, error))
        return -1;
    listed = memory_new(names.count, sizeof(*listed));
    status = find_listed(postgres, &names, listed, error);
    for (size_t i = 0; i < names.count && !status; i++)
        if (!listed[i] && strstr(names.names[i], staging_token(staging)))
            status = swap_delete(swap, names.names[i], error);
    free(listed);
    return status;
}

/* Files that are removed from the archive are replaced by none. */
static bool is_removal(const struct replaced_files *replaced)
{
    return layout_is_none(replaced->replaced_by[0]);
}

/* Whether the exchange is still pending: a new file is in the swap folder, or a removed file is in the hour's folder.
 * The disk is asked and not a note of our own, as a second exchange would undo the first. */
static bool must_exchange(const struct swap *swap, const struct replaced_files *replaced)
{
    bool removal = is_removal(replaced);

    for (size_t i = 0; i < replaced->count; i++)
        if (removal ? swap_hour_has(swap, disk_name_of(replaced->paths[i]))
                    : swap_has(swap, disk_name_of(replaced->replaced_by[i])))
            return true;
    return false;
}

/* Before replaced files are deleted, each file that has their rows must be in its place. */
static int check_new_files(const struct swap *swap, const struct replaced_files *replaced, struct error *error)
{
    for (size_t i = 0; i < replaced->count; i++) {
        cleanup(memory_free) char *path = swap_hour_path(swap, disk_name_of(replaced->replaced_by[i]));

        if (access(path, F_OK) == 0)
            continue;
        error_set(error, ANT_FILE_MISSING, "the archive's file \"%s\" is missing, which replaces \"%s\"", path,
                  replaced->paths[i]);
        return error_hint(error, "put the file back");
    }
    return 0;
}

static int replace_files(const struct swap *swap, const struct replaced_files *replaced, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};

    for (size_t i = 0; i < replaced->count; i++)
        file_names_add(&names, disk_name_of(replaced->paths[i]));
    if (must_exchange(swap, replaced) && swap_exchange(swap, &names, error))
        return -1;
    if (!is_removal(replaced) && check_new_files(swap, replaced, error))
        return -1;
    return swap_drain(swap, &names, error);
}

/*
 * The order, in which a crash at any point leaves the rest for the next recovery:
 * 1. Exchange the folders, if that is still pending.
 * 2. Move late files to the hour's folder, and delete the replaced ones.
 * 3. Delete the rows of the replaced files. While they are there, the hour is not compacted again.
 * 4. Remove the folder.
 */
int recover_swap(struct postgres *postgres, const struct staging *staging, const struct swap *swap, struct error *error)
{
    cleanup(replaced_files_release) struct replaced_files replaced = {0};
    const char *token = staging_token(staging);

    if (archive_files_replaced(postgres, token, swap_hour(swap), &replaced, error))
        return -1;
    if (replaced.count == 0 && drop_unlisted(postgres, staging, swap, error))
        return -1;
    if (replaced.count && (replace_files(swap, &replaced, error) ||
                           archive_files_delete_replaced(postgres, token, swap_hour(swap), error)))
        return -1;
    if (swap_end(swap, error))
        return -1;
    if (replaced.count && is_removal(&replaced))
        swap_remove_empty(swap);
    return 0;
}

/* Renames the folder first: if its owner lives after all, the name that it knows leads nowhere, and it cannot exchange
 * the folders back. */
static int take_over_swap(struct postgres *postgres, const struct staging *staging, int64_t hour, unsigned taken,
                          struct error *error)
{
    cleanup(swap_cleanup) struct swap *swap = swap_new(staging, hour, taken);
    int status = swap_take_over(swap, error);

    if (status)
        return status < 0 ? -1 : 0;
    return recover_swap(postgres, staging, swap, error);
}

static int recover_entry(struct postgres *postgres, const struct staging *staging, const char *name, bool listed,
                         struct error *error)
{
    cleanup(memory_free) char *path = staging_path(staging, name);
    struct stat status;
    int64_t hour;
    unsigned taken;

    /* Only a real folder is a swap. A symbolic link of its name is deleted like an unlisted file, not followed. */
    if (layout_swap_parse(name, &hour, &taken) == 0 && lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return take_over_swap(postgres, staging, hour, taken, error);
    return listed ? staging_publish(staging, name, error) : staging_delete(staging, name, error);
}

/* A file that cannot be recovered does not keep the others from it; the first error is returned. */
static int recover_entries(struct postgres *postgres, const struct staging *staging, const struct file_names *names,
                           const bool *listed, struct error *error)
{
    int status = 0;
    struct error more;

    for (size_t i = 0; i < names->count; i++)
        if (recover_entry(postgres, staging, names->names[i], listed[i], status ? &more : error))
            status = -1;
    return status;
}

enum ownership { OWN, OF_ANOTHER };

/*
 * The folder is listed first, then the transaction waits for the writer's own ones and reads the list: so a file that
 * is found unlisted will not be listed later. Files that come into the folder after it was listed are left alone.
 *
 * A worker that recovers its own folder keeps its token: its lost transaction has ended, as recovery waited for it, and
 * it lists with new statements only. The token of another writer is retired in the same transaction, because that
 * writer may live: then its next listing fails, instead of naming files that were deleted here.
 */
static int recover(struct postgres *postgres, const struct staging *staging, enum ownership ownership,
                   struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};
    bool *listed;
    int status;

    if (staging_list(staging, &names, error))
        return -1;
    if (names.count == 0)
        return 0;
    listed = memory_new(names.count, sizeof(*listed));
    status = postgres_begin(postgres, error);
    if (!status)
        status = archive_files_seize(postgres, staging_token(staging), error);
    if (!status && ownership == OF_ANOTHER)
        status = archive_files_retire(postgres, staging_token(staging), error);
    if (!status)
        status = find_listed(postgres, &names, listed, error);
    if (!status)
        status = postgres_commit(postgres, error);
    if (!status)
        status = recover_entries(postgres, staging, &names, listed, error);
    free(listed);
    return status;
}

int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error)
{
    return recover(postgres, staging, OWN, error);
}

/* Once for each folder in the life of the process: every worker tries to recover it again at every claim. The lock
 * guards the list of folders, which all workers share. */
static void warn_once(const char *root, const char *token, const char *reason)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct file_names warned;
    bool known = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < warned.count && !known; i++)
        known = strcmp(warned.names[i], token) == 0;
    if (!known)
        file_names_add(&warned, token);
    pthread_mutex_unlock(&lock);
    if (!known)
        log_line(LEVEL_WARNING, "the folder \"%s/%s/%s\" of another writer is left as it is: %s", root, LAYOUT_STAGING,
                 token, reason);
}

static void warn_of_undeletable(const char *root, const char *token)
{
    cleanup(memory_free) char *folder = memory_printf("%s/%s/%s", root, LAYOUT_STAGING, token);
    cleanup(memory_free) char *reason = NULL;
    cleanup(file_names_release) struct file_names names = {0};
    struct error ignored;

    if (disk_list(folder, &names, &ignored) || names.count == 0)
        return;
    reason = memory_printf("\"%s\" in it cannot be deleted", names.names[0]);
    warn_once(root, token, reason);
}

static int adopt_and_recover(struct postgres *postgres, const char *root, const char *token, struct error *error)
{
    struct staging *abandoned;
    int status = staging_adopt(root, token, &abandoned, error);

    if (status)
        return status < 0 ? -1 : 0;
    status = recover(postgres, abandoned, OF_ANOTHER, error);
    staging_close(abandoned);
    if (!status)
        warn_of_undeletable(root, token);
    return status;
}

int recover_abandoned(struct postgres *postgres, const char *root, struct error *error)
{
    cleanup(file_names_release) struct file_names tokens = {0};
    cleanup(memory_free) char *place = memory_printf("%s/%s", root, LAYOUT_STAGING);

    spill_remove_abandoned(place);
    if (staging_find(root, &tokens, error))
        return -1;
    for (size_t i = 0; i < tokens.count && !stop_requested(); i++) {
        if (adopt_and_recover(postgres, root, tokens.names[i], error) == 0)
            continue;
        if (error_kind(error) != ERROR_CONFIGURATION || !postgres_is_connected(postgres))
            return -1;
        /* A folder that the operator must repair stops no worker: readers find its listed files in staging, too. */
        postgres_rollback(postgres);
        warn_once(root, tokens.names[i], error->message);
    }
    return 0;
}
