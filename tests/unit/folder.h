/* A folder of a test's own, in memory: a disk would sync for minutes. For the tests of what is on disk. */
#ifndef ANTENNA_TESTS_FOLDER_H
#define ANTENNA_TESTS_FOLDER_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/** The folder's path, between folder_make() and folder_remove(). */
static char root[32];

/** Makes the folder; returns 0, or -1 when it cannot be made. */
static inline int folder_make(void)
{
    strcpy(root, "/dev/shm/antenna-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static inline int folder_remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

/** Removes the folder with all that is in it; returns 0, or -1 when something stays. */
static inline int folder_remove(void)
{
    return nftw(root, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/** Runs a command of the shell in the folder, which must succeed. */
static inline void in_root(const char *command)
{
    cleanup(memory_free) char *line = memory_printf("cd %s && %s", root, command);

    assert_int_equal(system(line), 0); /* NOLINT: the commands are the tests' own */
}

/** Makes a file of one byte, or, when its name ends with a slash, a folder; with the folders above it. Named below the
 * folder. For tests that do it thousands of times: a shell takes a thousand times as long. */
static inline void make(const char *below)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", root, below);

    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    if (path[strlen(path) - 1] != '/') {
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

        assert_int_equal(write(file, "\n", 1), 1);
        close(file);
    }
}

/** Whether a folder, named below the folder, has nothing in it. It is removed then. */
static inline bool was_empty(const char *below)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", root, below);

    return rmdir(path) == 0;
}

/** Whether something is there, named below the folder. */
static inline bool exists(const char *below)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", root, below);

    return access(path, F_OK) == 0;
}

#endif
