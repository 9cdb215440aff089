#include "doctor/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LINE_SIZE 4096

/* Version 1 writes the largest multiple of a page where there is no limit. */
#define NO_LIMIT (INT64_MAX / 2)

/* The limit in a file, -1 when there is none: version 2 writes "max". */
static int64_t read_limit(const char *path)
{
    char text[LINE_SIZE] = "", *end;
    FILE *file = fopen(path, "re");
    long long limit;

    if (!file)
        return -1;
    if (!fgets(text, sizeof(text), file))
        text[0] = '\0';
    fclose(file);
    limit = strtoll(text, &end, 10);
    return end == text || limit >= NO_LIMIT ? -1 : limit;
}

/* The least limit of a group and those above it; `group` is cut as it goes up. */
static int64_t least_limit(const char *mount, char *group, const char *name)
{
    int64_t least = -1;

    for (;;) {
        cleanup(memory_free) char *path = memory_printf("%s%s/%s", mount, group, name);
        int64_t limit = read_limit(path);
        char *slash = strrchr(group, '/');

        if (limit >= 0 && (least < 0 || limit < least))
            least = limit;
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* The line of the process's groups is "0::/group" in version 2, and "number:controllers:/group" in version 1. */
static int64_t limit_of_line(char *line, const char *mount)
{
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    cleanup(memory_free) char *memory_mount = memory_printf("%s/memory", mount);

    if (!group)
        return -1;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (controllers[1] == '\0')
        return least_limit(mount, group, "memory.max");
    return strcmp(controllers + 1, "memory") == 0 ? least_limit(memory_mount, group, "memory.limit_in_bytes") : -1;
}

int64_t cgroup_memory_limit(const char *process_path, const char *mount)
{
    char line[LINE_SIZE];
    FILE *file = fopen(process_path, "re");
    int64_t least = -1;

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file)) {
        int64_t limit = limit_of_line(line, mount);

        if (limit >= 0 && (least < 0 || limit < least))
            least = limit;
    }
    fclose(file);
    return least;
}
