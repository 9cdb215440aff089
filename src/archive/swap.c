#include "archive/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"

#define PROBE_NAME "swap-probe"

/* A reader that opened the hour's folder before the exchange still sees the old one. It has this long to list it before
 * replaced files are deleted there. */
#define LIST_WAIT_MS 200

/* A writer that resolved the path before the exchange may move a file into the old folder after it was emptied. This
 * rarely happens once; the limit only prevents an endless loop. */
#define END_ATTEMPTS 100

struct swap {
    int64_t hour;
    unsigned taken;    /* times that it was taken over */
    char *folder;      /* the new one; the old one after the exchange */
    char *above;       /* the folder that holds it */
    char *hour_folder; /* which readers see */
    char *hour_above;
};

struct swap *swap_new(const struct staging *staging, int64_t hour, unsigned taken)
{
    struct swap *swap = memory_new(1, sizeof(*swap));
    char name[LAYOUT_NAME_SIZE], place[LAYOUT_PATH_SIZE];

    layout_swap_name(name, hour, taken);
    layout_hour_path(place, hour);
    swap->hour = hour;
    swap->taken = taken;
    swap->folder = staging_path(staging, name);
    swap->above = memory_text(swap->folder, (size_t)(strrchr(swap->folder, '/') - swap->folder));
    swap->hour_folder = memory_printf("%s/%s/%s", staging_root(staging), LAYOUT_DATA, place);
    swap->hour_above = memory_text(swap->hour_folder, (size_t)(strrchr(swap->hour_folder, '/') - swap->hour_folder));
    return swap;
}

void swap_free(struct swap *swap)
{
    if (!swap)
        return;
    free(swap->folder);
    free(swap->above);
    free(swap->hour_folder);
    free(swap->hour_above);
    free(swap);
}

void swap_cleanup(struct swap **swap)
{
    swap_free(*swap);
    *swap = NULL;
}

int swap_take_over(struct swap *swap, struct error *error)
{
    cleanup(memory_free) char *folder = NULL;
    char name[LAYOUT_NAME_SIZE];

    layout_swap_name(name, swap->hour, swap->taken + 1);
    folder = memory_printf("%s/%s", swap->above, name);
    if (rename(swap->folder, folder))
        return errno == ENOENT ? 1 : disk_fail(error, "take over the folder", swap->folder);
    free(swap->folder);
    swap->folder = folder;
    folder = NULL;
    swap->taken++;
    return 0;
}

int64_t swap_hour(const struct swap *swap)
{
    return swap->hour;
}

char *swap_path(const struct swap *swap, const char *name)
{
    return memory_printf("%s/%s", swap->folder, name);
}

char *swap_hour_path(const struct swap *swap, const char *name)
{
    return memory_printf("%s/%s", swap->hour_folder, name);
}

int swap_list(const struct swap *swap, struct file_names *ret_names, struct error *error)
{
    return disk_list(swap->folder, ret_names, error);
}

int swap_sync(const struct swap *swap, struct error *error)
{
    return disk_sync_folder(swap->folder, error);
}

static int exchange(const char *left, const char *right)
{
    return renameat2(AT_FDCWD, left, AT_FDCWD, right, RENAME_EXCHANGE);
}

/* The new folder must let the same users in as the old one, or the speed layer could not publish late files there. Only
 * the owner can give it the group and the mode. */
static int check_hour_folder(const struct swap *swap, struct stat *ret_status, struct error *error)
{
    if (lstat(swap->hour_folder, ret_status))
        return disk_fail(error, "look at the folder", swap->hour_folder);
    if (!S_ISDIR(ret_status->st_mode)) {
        error_set(error, ANT_FOLDER_NOT_EXCHANGED, "could not replace \"%s\": it is no folder", swap->hour_folder);
        return error_hint(error, "put a folder there, no symbolic link");
    }
    if (ret_status->st_uid == geteuid())
        return 0;
    error_set(error, ANT_FOLDER_NOT_EXCHANGED, "could not replace the folder \"%s\": it belongs to another user",
              swap->hour_folder);
    return error_hint(error, "run compaction as the user that the speed layer runs as");
}

/* Tries the exchange on an empty folder. A file system without it must be found before a transaction has listed the new
 * files: after it there is no way back. */
static int check_exchange(const struct swap *swap, struct error *error)
{
    cleanup(memory_free) char *probe = memory_printf("%s/%s", swap->above, PROBE_NAME);
    int status;

    if (disk_make_folder(probe, error))
        return -1;
    status = exchange(swap->folder, probe);
    if (status) {
        error_set(error, ANT_FOLDER_NOT_EXCHANGED, "could not exchange folders below \"%s\": %s", swap->above,
                  strerror(errno));
        error_hint(error, "compaction needs a file system that exchanges folders (renameat2 with RENAME_EXCHANGE), "
                          "such as ext4, XFS or Btrfs; run without --compact");
    }
    rmdir(probe);
    return status;
}

int swap_begin(const struct swap *swap, struct error *error)
{
    struct stat hour, own;

    if (check_hour_folder(swap, &hour, error) || disk_make_folder(swap->folder, error) || check_exchange(swap, error))
        return -1;
    if (stat(swap->folder, &own))
        return disk_fail(error, "look at the folder", swap->folder);
    if (own.st_dev != hour.st_dev) {
        error_set(error, ANT_FOLDER_NOT_EXCHANGED,
                  "could not replace the folder \"%s\": it is on another file system than \"%s\"", swap->hour_folder,
                  swap->above);
        return error_hint(error, "keep all hours and .staging on one file system, or run without --compact");
    }
    if ((own.st_gid != hour.st_gid && chown(swap->folder, (uid_t)-1, hour.st_gid)) ||
        chmod(swap->folder, hour.st_mode & 07777))
        return disk_fail(error, "give its rights to", swap->folder);
    return 0;
}

bool swap_has(const struct swap *swap, const char *name)
{
    cleanup(memory_free) char *path = swap_path(swap, name);

    return access(path, F_OK) == 0;
}

bool swap_hour_has(const struct swap *swap, const char *name)
{
    cleanup(memory_free) char *path = swap_hour_path(swap, name);

    return access(path, F_OK) == 0;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_among(const struct file_names *names, const char *name)
{
    return names->count && bsearch(&name, names->names, names->count, sizeof(*names->names), compare_names);
}

/* Adds a second name (a hard link) of a file that stays. Entries that cannot have one, such as folders, are moved after
 * the exchange by put_back(). */
static int add_name(const struct swap *swap, const char *name, struct error *error)
{
    cleanup(memory_free) char *from = swap_hour_path(swap, name);
    cleanup(memory_free) char *to = swap_path(swap, name);

    if (link(from, to) && errno != EEXIST && errno != ENOENT && errno != EPERM && errno != EMLINK)
        return disk_fail(error, "link", from);
    return 0;
}

/* The other files get their second names before the exchange, so that a reader sees the whole hour at any time. Files
 * that are published between the two are in the old folder, from where swap_drain() moves them. All names are synced
 * first: after a power failure the new folder must not lack files that the old one had. */
int swap_exchange(const struct swap *swap, const struct file_names *replaced, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};

    if (disk_list(swap->hour_folder, &names, error))
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (!is_among(replaced, names.names[i]) && add_name(swap, names.names[i], error))
            return -1;
    if (disk_sync_folder(swap->folder, error))
        return -1;
    if (exchange(swap->folder, swap->hour_folder))
        return disk_fail(error, "put its new files into the folder", swap->hour_folder);
    if (disk_sync_folder(swap->hour_above, error) || disk_sync_folder(swap->above, error))
        return -1;
    time_sleep_ms(LIST_WAIT_MS);
    return 0;
}

static bool is_same_file(const char *left, const char *right)
{
    struct stat left_status, right_status;

    return lstat(left, &left_status) == 0 && lstat(right, &right_status) == 0 &&
           left_status.st_dev == right_status.st_dev && left_status.st_ino == right_status.st_ino;
}

/* Moves an entry to the hour's folder, unless it is there already under its second name. RENAME_NOREPLACE: a file of
 * the same name that is another file is never overwritten. */
static int put_back(const struct swap *swap, const char *name, struct error *error)
{
    cleanup(memory_free) char *from = swap_path(swap, name);
    cleanup(memory_free) char *to = swap_hour_path(swap, name);

    if (is_same_file(from, to))
        return unlink(from) ? disk_fail(error, "delete", from) : 0;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
        return disk_fail(error, "move to its place", from);
    return 0;
}

int swap_delete(const struct swap *swap, const char *name, struct error *error)
{
    cleanup(memory_free) char *path = swap_path(swap, name);

    if (unlink(path) && errno != ENOENT)
        return disk_fail(error, "delete", path);
    return 0;
}

/* First all that stays is in the hour's folder, durably; only then replaced files are deleted. */
int swap_drain(const struct swap *swap, const struct file_names *replaced, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};

    if (swap_list(swap, &names, error))
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (!is_among(replaced, names.names[i]) && put_back(swap, names.names[i], error))
            return -1;
    if (disk_sync_folder(swap->hour_folder, error))
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (is_among(replaced, names.names[i]) && swap_delete(swap, names.names[i], error))
            return -1;
    return disk_sync_folder(swap->folder, error);
}

int swap_end(const struct swap *swap, struct error *error)
{
    const struct file_names none = {0};

    for (int left = END_ATTEMPTS; left; left--) {
        if (rmdir(swap->folder) == 0 || errno == ENOENT)
            return disk_sync_folder(swap->above, error);
        if (errno != ENOTEMPTY && errno != EEXIST)
            break;
        if (swap_drain(swap, &none, error))
            return -1;
    }
    return disk_fail(error, "remove the folder", swap->folder);
}

/* The folder of the year stays: an archive is recognised by it (storage_require_years()). */
void swap_remove_empty(const struct swap *swap)
{
    cleanup(memory_free) char *folder = memory_text(swap->hour_folder, strlen(swap->hour_folder));

    for (int level = 0; level < HIVE_LEVELS - 1 && rmdir(folder) == 0; level++)
        *strrchr(folder, '/') = '\0';
}
