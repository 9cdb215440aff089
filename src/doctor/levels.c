#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/staging.h"
#include "base/memory.h"
#include "doctor/subjects.h"

#define LEVELS "storage_levels"
#define WRITERS "storage_writers"

/* How the folders of each level below the data folder begin. */
static const char *const level_prefixes[] = {"year=", "month=", "day=", "hour="};

#define LEVEL_COUNT (sizeof(level_prefixes) / sizeof(*level_prefixes))

/* A mount of a file system, which files cannot be moved out of: neither of the two numbers says it alone. */
struct place {
    uint64_t device, mount;
};

/* What is found of all levels: how many folders, and the first of each kind. */
struct levels {
    struct place data;
    size_t elsewhere, closed;
    char *first_elsewhere; /* on another file system than the data folder */
    char *first_closed;    /* no file can be put into it */
};

static void release(struct levels *levels)
{
    memory_free(&levels->first_elsewhere);
    memory_free(&levels->first_closed);
}

static void note(size_t *count, char **first, const char *path)
{
    if (!*first)
        *first = memory_text(path, strlen(path));
    ++*count;
}

/* Returns -1 when there is no folder. */
static int find_place(const char *path, struct place *ret_place)
{
    struct statx status;

    if (statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_MNT_ID, &status) || !S_ISDIR(status.stx_mode))
        return -1;
    *ret_place = (struct place){(uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor, status.stx_mnt_id};
    return 0;
}

/* Looks at a folder and, level by level, at those below it. */
static void examine_level(struct levels *levels, const char *path, size_t level)
{
    cleanup(file_names_release) struct file_names names = {0};
    struct error ignored;
    struct place place;

    if (find_place(path, &place) || access(path, W_OK | X_OK)) {
        note(&levels->closed, &levels->first_closed, path);
        return;
    }
    if (place.device != levels->data.device || place.mount != levels->data.mount)
        note(&levels->elsewhere, &levels->first_elsewhere, path);
    if (level == LEVEL_COUNT || disk_list(path, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++) {
        cleanup(memory_free) char *below = memory_printf("%s/%s", path, names.names[i]);

        if (strncmp(names.names[i], level_prefixes[level], strlen(level_prefixes[level])) == 0)
            examine_level(levels, below, level + 1);
    }
}

static void examine_levels(struct doctor *doctor, const char *data)
{
    cleanup(release) struct levels levels = {0};

    if (find_place(data, &levels.data)) {
        found_skipped(doctor, LEVELS, "the archive has no folders yet");
        return;
    }
    examine_level(&levels, data, 0);
    if (levels.closed)
        found_failed(doctor, LEVELS, "let the job's user write there, or repair the link: call doctor as that user",
                     "no file can be put into \"%s\" and %zu other folders", levels.first_closed, levels.closed - 1);
    else if (levels.elsewhere)
        found_warning(
            doctor, LEVELS, "expect that publishing takes longer there; run batch without --compact for its hours",
            "\"%s\" and %zu other folders are on another file system than \"%s\": files are copied to them, and "
            "their hours cannot be compacted",
            levels.first_elsewhere, levels.elsewhere - 1, data);
    else
        found_ok(doctor, LEVELS, "all folders of the archive are on the file system of \"%s\"", data);
}

/* Folders that this user can neither recover nor see as living. */
static void examine_writers(struct doctor *doctor, const char *root)
{
    cleanup(file_names_release) struct file_names tokens = {0};
    cleanup(memory_free) char *first = NULL;
    struct error error;
    size_t count = 0;

    if (staging_find(root, &tokens, &error)) {
        found_skipped(doctor, WRITERS, "there is no writer's folder yet");
        return;
    }
    for (size_t i = 0; i < tokens.count; i++) {
        cleanup(memory_free) char *folder = memory_printf("%s/" LAYOUT_STAGING "/%s", root, tokens.names[i]);

        if (access(folder, R_OK | W_OK | X_OK) && errno != ENOENT)
            note(&count, &first, folder);
    }
    if (count)
        found_warning(
            doctor, WRITERS, "give them to the job's user with chown -R, or start the job as their user",
            "\"%s\" and %zu other folders of writers belong to another user: what a dead writer left in them stays "
            "there",
            first, count - 1);
    else
        found_ok(doctor, WRITERS, "this user can recover what a dead writer leaves");
}

void examine_folders(struct doctor *doctor, const char *root)
{
    cleanup(memory_free) char *data = memory_printf("%s/" LAYOUT_DATA, root);

    examine_levels(doctor, data);
    examine_writers(doctor, root);
}
