#include "archive/hour_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"

#define SUFFIX ".parquet"

#define PUBLISH_LOOK_MS 20

int storage_check(const char *storage_path, struct error *error)
{
    cleanup(memory_free) char *below = memory_printf("%s/%s", storage_path, LAYOUT_DATA);
    DIR *folder = opendir(storage_path);

    if (!folder) {
        error_set(error, ERROR_MISTAKE, "could not open the storage-path \"%s\": %s", storage_path, strerror(errno));
        return error_hint(error,
                          "give the folder that holds year=…: the speed layer's storage-root with /data behind it");
    }
    closedir(folder);
    if (access(below, F_OK) == 0) {
        error_set(error, ERROR_MISTAKE, "\"%s\" is a storage-root and no storage-path", storage_path);
        return error_hint(error, "give \"%s\", the folder that holds year=…", below);
    }
    return 0;
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_for_readers(const char *name)
{
    size_t size = strlen(name);

    return name[0] != '.' && size >= strlen(SUFFIX) && strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}

int hour_folder_list(const char *storage_path, int64_t hour, struct file_names *ret_paths, struct error *error)
{
    cleanup(memory_free) char *path = NULL;
    cleanup(file_names_release) struct file_names names = {0};
    char place[LAYOUT_PATH_SIZE];
    DIR *folder;

    layout_hour_path(place, hour);
    path = memory_printf("%s/%s", storage_path, place);
    folder = opendir(path);
    if (!folder && errno == ENOENT)
        return 0;
    if (!folder)
        return error_set(error, ERROR_MISTAKE, "could not open the folder \"%s\": %s", path, strerror(errno));
    if (disk_read_folder(folder, &names))
        return error_set(error, ERROR_WORLD, "could not read the folder \"%s\": %s", path, strerror(errno));
    for (size_t i = 0; i < names.count; i++) {
        cleanup(memory_free) char *file = memory_printf("%s/%s", path, names.names[i]);

        if (is_for_readers(names.names[i]))
            file_names_add(ret_paths, file);
    }
    if (ret_paths->count)
        qsort(ret_paths->names, ret_paths->count, sizeof(*ret_paths->names), compare_paths);
    return 0;
}

/* The path of a file in one writer's folder, or in what is to take the place of its hour's folder; or NULL. Free it. */
static char *find_in_folder(const char *folder, const char *name)
{
    char *path = memory_printf("%s/%s", folder, name);

    if (access(path, F_OK) == 0)
        return path;
    free(path);
    path = memory_printf("%s/" LAYOUT_SWAP "%.*s/%s", folder, LAYOUT_HOUR_DIGITS, name, name);
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The path of a file in any writer's folder, or NULL. Free it. */
static char *find_in_staging(const char *storage_path, const char *name)
{
    cleanup(memory_free) char *staging = memory_printf("%s/../%s", storage_path, LAYOUT_STAGING);
    DIR *folder = opendir(staging);
    const struct dirent *entry;
    char *path = NULL;

    if (!folder)
        return NULL;
    while (!path && (entry = readdir(folder))) {
        cleanup(memory_free) char *below = memory_printf("%s/%s", staging, entry->d_name);

        path = find_in_folder(below, name);
    }
    closedir(folder);
    return path;
}

int hour_folder_find(const char *storage_path, const char *place, int64_t patience_ms, char **ret_path,
                     struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", storage_path, place);
    int64_t give_up_at = time_monotonic_ms() + patience_ms;
    const char *slash = strrchr(place, '/');

    while (access(path, F_OK)) {
        if (time_monotonic_ms() >= give_up_at) {
            *ret_path = find_in_staging(storage_path, slash ? slash + 1 : place);
            if (*ret_path)
                return 0;
            /* It may have come since the look at its place. */
            if (access(path, F_OK) == 0)
                break;
            error_set(error, ERROR_MISTAKE, "the archive's file \"%s\" is missing", path);
            return error_hint(error, "give the storage-path of the machine that wrote it, or put the file back");
        }
        time_sleep_ms(PUBLISH_LOOK_MS);
    }
    *ret_path = path;
    path = NULL;
    return 0;
}
