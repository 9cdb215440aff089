#include "archive/hour_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/layout.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"

/* The interval at which a file that is being published is looked for. */
#define PUBLISH_CHECK_MS 20

/* A file may move while all folders are searched, and then be missed: the search is repeated. Each recovery after a
 * crash moves it once, so this is enough for several crashes. */
#define FIND_ATTEMPTS 5

/* What is looked for: the hour in parts, one for each level. */
struct search {
    long parts[HIVE_LEVELS];
    struct hour_folder *found;
};

static int refuse_folder(const char *path, const char *name, size_t depth, struct error *error)
{
    if (depth < HIVE_LEVELS)
        error_set(error, ANT_FOLDER_NAME, "could not read the folder \"%s/%s\": its name is not %s=NUMBER", path, name,
                  hive_level(depth));
    else
        error_set(error, ANT_FOLDER_NAME, "could not read the folder \"%s/%s\": it lies below the folder of an hour",
                  path, name);
    return error_hint(error, "rename the folder, or move it out of the storage-path");
}

/* Only regular files are read: opening a pipe would block. A link to a file on a disk that is not mounted is an error,
 * because its rows would be missing without a word. A file that is gone was replaced by compaction; the reader notices
 * and reads the hour again. */
static int take_file(struct search *search, const char *path, struct error *error)
{
    struct stat status;
    bool reached = stat(path, &status) == 0;

    if (!reached && lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && !search->found->lenient) {
        error_set(error, ANT_LINK_BROKEN, "could not read \"%s\": it is a symbolic link to a missing file", path);
        return error_hint(error, "mount the disk that holds the file, or remove the link");
    }
    if (reached ? S_ISREG(status.st_mode) : !S_ISLNK(status.st_mode))
        file_names_add(&search->found->paths, path);
    else
        search->found->others++;
    return 0;
}

static int search_folder(struct search *search, const char *path, size_t depth, struct error *error);

/* An entry of a folder at this depth: on the way to the hour, a file of it, or something that no reader would read. */
static int take_entry(struct search *search, const char *path, const char *name, size_t depth, struct error *error)
{
    cleanup(memory_free) char *below = memory_printf("%s/%s", path, name);

    if (hive_is_hidden(name) || hive_is_null(name))
        return 0;
    if (strchr(name, '=') && !hive_is_file(name)) {
        long value = depth < HIVE_LEVELS ? hive_value(name, depth) : -1;

        if (value < 0)
            return search->found->lenient ? 0 : refuse_folder(path, name, depth, error);
        return value == search->parts[depth] ? search_folder(search, below, depth + 1, error) : 0;
    }
    if (depth == HIVE_LEVELS && hive_is_file(name))
        return take_file(search, below, error);
    if (depth == HIVE_LEVELS || hive_is_file(name))
        search->found->others++;
    return 0;
}

static int search_folder(struct search *search, const char *path, size_t depth, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};
    DIR *folder = opendir(path);

    if (!folder && errno == ENOENT && depth > 0)
        return 0; /* compaction has taken it away */
    if (!folder)
        return error_set(error, ANT_DISK_REFUSED, "could not open the folder \"%s\": %s", path, strerror(errno));
    if (disk_read_folder(folder, &names))
        return error_set(error, ANT_DISK_FAILED, "could not read the folder \"%s\": %s", path, strerror(errno));
    for (size_t i = 0; i < names.count; i++)
        if (take_entry(search, path, names.names[i], depth, error))
            return -1;
    return 0;
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

int hour_folder_list(const char *storage_path, int64_t hour, struct hour_folder *ret_folder, struct error *error)
{
    struct time_parts parts = time_split(hour);
    struct search search = {{parts.year, parts.month, parts.day, parts.hour}, ret_folder};

    if (search_folder(&search, storage_path, 0, error))
        return -1;
    if (ret_folder->paths.count)
        qsort(ret_folder->paths.names, ret_folder->paths.count, sizeof(*ret_folder->paths.names), compare_paths);
    return 0;
}

void hour_folder_release(struct hour_folder *folder)
{
    file_names_release(&folder->paths);
}

int storage_check(const char *storage_path, struct error *error)
{
    cleanup(memory_free) char *below = memory_printf("%s/%s", storage_path, LAYOUT_DATA);
    cleanup(memory_free) char *unknown = memory_printf("%s/year=" HIVE_NULL, storage_path);
    DIR *folder = opendir(storage_path);

    if (!folder) {
        error_set(error, ANT_STORAGE_PATH, "could not open the storage-path \"%s\": %s", storage_path, strerror(errno));
        return error_hint(error,
                          "give the folder that holds year=…: the speed layer's storage-root with /data behind it");
    }
    closedir(folder);
    if (access(below, F_OK) == 0) {
        error_set(error, ANT_STORAGE_PATH, "\"%s\" is a storage-root and no storage-path", storage_path);
        return error_hint(error, "give \"%s\", the folder that holds year=…", below);
    }
    if (access(unknown, F_OK) == 0)
        log_line(LEVEL_WARNING, "leaves out \"%s\": its rows have no timestamp and belong to no hour", unknown);
    return 0;
}

int storage_require_years(const char *storage_path, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};

    if (disk_list(storage_path, &names, error))
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (hive_value(names.names[i], 0) >= 0)
            return 0;
    error_set(error, ANT_STORAGE_PATH, "the storage-path \"%s\" has no folder year=NUMBER: no archive is there",
              storage_path);
    return error_hint(error, "give the folder that holds year=…: the speed layer's storage-root with /data behind it; "
                             "check that its disk is mounted");
}

int storage_find_root(const char *storage_path, char **ret_root, struct error *error)
{
    cleanup(memory_free) char *root = memory_printf("%s/..", storage_path);
    cleanup(memory_free) char *data = memory_printf("%s/%s", root, LAYOUT_DATA);
    struct stat given, made;

    if (stat(storage_path, &given) || stat(data, &made) || given.st_dev != made.st_dev || given.st_ino != made.st_ino) {
        error_set(error, ANT_STORAGE_PATH, "\"%s\" is not the folder \"%s\" of a storage-root", storage_path,
                  LAYOUT_DATA);
        return error_hint(error, "give the speed layer's storage-root with /data behind it");
    }
    *ret_root = root;
    root = NULL;
    return 0;
}

/* The path of a file in one folder, or NULL. Free it. */
static char *find_in(const char *folder, const char *name)
{
    char *path = memory_printf("%s/%s", folder, name);

    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The path of a file in a folder of this one whose name begins so, or NULL. Free it. */
static char *find_below(const char *above, const char *prefix, const char *name,
                        char *(*find)(const char *folder, const char *name))
{
    DIR *folder = opendir(above);
    const struct dirent *entry;
    char *path = NULL;

    if (!folder)
        return NULL;
    while (!path && (entry = readdir(folder))) {
        cleanup(memory_free) char *below = memory_printf("%s/%s", above, entry->d_name);

        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            path = find(below, name);
    }
    closedir(folder);
    return path;
}

/* Searches a writer's folder, and the swap folders in it, which will become hours' folders. */
static char *find_in_writer_folder(const char *folder, const char *name)
{
    char *path = find_in(folder, name);

    return path ? path : find_below(folder, LAYOUT_SWAP, name, find_in);
}

/* The path of a file on its way to its place, or there, or NULL. Free it. */
static char *find_unpublished(const char *storage_path, const char *path, const char *name)
{
    cleanup(memory_free) char *staging = memory_printf("%s/../%s", storage_path, LAYOUT_STAGING);
    char *found = NULL;

    for (int left = FIND_ATTEMPTS; left && !found; left--) {
        found = find_below(staging, "", name, find_in_writer_folder);
        /* It may have been published since its place was checked. */
        if (!found && access(path, F_OK) == 0)
            found = memory_text(path, strlen(path));
    }
    return found;
}

int hour_folder_find(const char *storage_path, const char *place, int64_t patience_ms, char **ret_path,
                     struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", storage_path, place);
    int64_t give_up_at = time_monotonic_ms() + patience_ms;

    while (access(path, F_OK)) {
        if (time_monotonic_ms() >= give_up_at) {
            *ret_path = find_unpublished(storage_path, path, disk_name_of(place));
            if (*ret_path)
                return 0;
            error_set(error, ANT_FILE_MISSING, "the archive's file \"%s\" is missing", path);
            return error_hint(error, "give the storage-path of the machine that wrote it, or put the file back");
        }
        time_sleep_ms(PUBLISH_CHECK_MS);
    }
    *ret_path = path;
    path = NULL;
    return 0;
}
