#include "archive/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/disk.h"
#include "archive/layout.h"
#include "base/memory.h"

/* The folder in which ours is made. Free the text. */
static char *find_place(const char *storage_path)
{
    char *staging = memory_printf("%s/../%s", storage_path ? storage_path : "", LAYOUT_STAGING);
    const char *temporary = getenv("TMPDIR");

    if (storage_path && access(staging, R_OK | W_OK | X_OK) == 0)
        return staging;
    free(staging);
    return memory_printf("%s", temporary && *temporary ? temporary : "/tmp");
}

static void remove_folder(const char *path)
{
    cleanup(file_names_release) struct file_names names = {0};
    struct error ignored;

    if (disk_list(path, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++) {
        cleanup(memory_free) char *file = memory_printf("%s/%s", path, names.names[i]);

        unlink(file);
    }
    rmdir(path);
}

/* Locks a folder. Returns its file descriptor, or -1 with errno: ENOENT when another process holds it or has removed
 * it. */
static int take_lock(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), reason;

    if (folder < 0)
        return -1;
    if (flock(folder, LOCK_EX | LOCK_NB) == 0 && disk_names_file(path, folder))
        return folder;
    reason = errno == EWOULDBLOCK ? ENOENT : errno;
    close(folder);
    errno = reason;
    return -1;
}

/* In a shared /tmp a folder of this name may belong to another user, and must be left alone. */
static bool is_own(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && status.st_uid == geteuid();
}

void spill_remove_abandoned(const char *place)
{
    cleanup(file_names_release) struct file_names names = {0};
    struct error ignored;

    if (disk_list(place, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++) {
        cleanup(memory_free) char *path = memory_printf("%s/%s", place, names.names[i]);
        int lock;

        if (strncmp(names.names[i], SPILL_PREFIX, strlen(SPILL_PREFIX)) != 0 || !is_own(path) ||
            (lock = take_lock(path)) < 0)
            continue;
        remove_folder(path);
        close(lock);
    }
}

static int fail(struct error *error, const char *what, const char *place, struct spill *spill)
{
    disk_fail(error, what, place);
    free(spill->path);
    return error_hint(error, "give a folder for temporary files by TMPDIR");
}

int spill_open(const char *storage_path, struct spill *ret_spill, struct error *error)
{
    cleanup(memory_free) char *place = find_place(storage_path);
    struct spill spill = {NULL, -1};

    spill_remove_abandoned(place);
    while (spill.lock < 0) {
        free(spill.path);
        spill.path = memory_printf("%s/%sXXXXXX", place, SPILL_PREFIX);
        if (!mkdtemp(spill.path))
            return fail(error, "make a folder in", place, &spill);
        /* Before it is locked it looks abandoned, and another process may have removed it. */
        spill.lock = take_lock(spill.path);
        if (spill.lock < 0 && errno != ENOENT) {
            int reason = errno;

            rmdir(spill.path);
            errno = reason;
            return fail(error, "lock a folder in", place, &spill);
        }
    }
    *ret_spill = spill;
    return 0;
}

void spill_close(struct spill *spill)
{
    if (!spill->path)
        return;
    remove_folder(spill->path);
    close(spill->lock);
    free(spill->path);
    *spill = (struct spill){0};
}
