/* A folder of a test's own, in memory: a disk would sync for minutes. For the tests of what is on disk. */
#ifndef ANTENNA_TESTS_FOLDER_H
#define ANTENNA_TESTS_FOLDER_H

#include "unit.h"

#include <ftw.h>
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

/** Whether something is there, named below the folder. */
static inline bool exists(const char *below)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", root, below);

    return access(path, F_OK) == 0;
}

#endif
