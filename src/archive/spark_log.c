#include "archive/spark_log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define FOLDER "_spark_metadata"
#define COMPACTED ".compact"

/* The first line of a file of the log. */
#define VERSION "v1"

struct search {
    struct file_names names; /* of the files that are looked for */
    bool *has;               /* whether the log has them */
    size_t next;             /* file that is expected: the log names those of a folder together */
};

/* A line of the log: a file that a micro-batch has added. Spark's file sink writes no other action. Returns -1 for any
 * other line. */
static int take_line(struct search *search, const char *line, size_t size)
{
    json_t *object = json_loadb(line, size, 0, NULL);
    const char *path = json_string_value(json_object_get(object, "path"));
    const char *action = json_string_value(json_object_get(object, "action"));
    int status = path && action && strcmp(action, "add") == 0 ? 0 : -1;

    if (!status) {
        size_t found = file_names_find(&search->names, slice_of(disk_name_of(path)), search->next);

        if (found < search->names.count) {
            search->has[found] = true;
            search->next = found + 1;
        }
    }
    json_decref(object);
    return status;
}

static int refuse(const char *path, struct error *error)
{
    error_set(error, ANT_SPARK_LOG, "could not read \"%s\" as a log of Spark's file sink", path);
    return error_hint(error, "restore it; or rename the folder " FOLDER ", and every file of the archive is read");
}

static int read_file(struct search *search, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    cleanup(memory_free) char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int status = 0, number = 0;

    if (!file)
        return disk_fail(error, "open", path);
    while (!status && (size = getline(&line, &capacity, file)) > 0) {
        size -= line[size - 1] == '\n';
        if (number++ == 0)
            status = (size_t)size == strlen(VERSION) && strncmp(line, VERSION, (size_t)size) == 0 ? 0 : -1;
        else if (size > 0)
            status = take_line(search, line, (size_t)size);
    }
    if (!status && ferror(file))
        status = disk_fail(error, "read", path);
    else if (status || number == 0)
        status = refuse(path, error);
    fclose(file);
    return status;
}

/* Whether a name is the number of a micro-batch, compacted with those before it or not. */
static bool is_log_file(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits && (!name[digits] || strcmp(name + digits, COMPACTED) == 0);
}

int spark_log_find(const char *storage_path, const struct file_names *paths, bool *ret_has, bool *ret_exists,
                   struct error *error)
{
    cleanup(memory_free) char *folder = memory_printf("%s/" FOLDER, storage_path);
    cleanup(file_names_release) struct file_names names = {0};
    struct search search = {.has = ret_has};
    int status = 0;

    memset(ret_has, 0, paths->count * sizeof(*ret_has));
    *ret_exists = access(folder, F_OK) == 0;
    if (!*ret_exists)
        return 0;
    if (disk_list(folder, &names, error))
        return -1;
    for (size_t i = 0; i < paths->count; i++)
        file_names_add(&search.names, disk_name_of(paths->names[i]));
    for (size_t i = 0; i < names.count && !status; i++) {
        cleanup(memory_free) char *path = memory_printf("%s/%s", folder, names.names[i]);

        if (is_log_file(names.names[i]))
            status = read_file(&search, path, error);
    }
    file_names_release(&search.names);
    return status;
}
