#include "archive/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define LOCK_NAME "lock"
#define PROBE_NAME "probe"

/* The first attempt fails for a new hour, whose folder is missing, and pruning may remove an empty folder in between.
 */
#define PUBLISH_ATTEMPTS 3

struct staging {
    char *root;
    char *folder;
    char token[LAYOUT_TOKEN_DIGITS + 1];
    int lock; /* file descriptor */
};

/* Takes the lock of the folder. Returns 1 when another process holds it or the folder is gone. The lock file of another
 * user may be read-only for us: that is enough to take its lock. */
static int take_lock(struct staging *staging, struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", staging->folder, LOCK_NAME);

    staging->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (staging->lock < 0 && (errno == EACCES || errno == EROFS))
        staging->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (staging->lock < 0 && errno == ENOENT)
        return 1;
    if (staging->lock < 0)
        return disk_fail(error, "open", path);
    if (flock(staging->lock, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? 1 : disk_fail(error, "lock", path);
    /* The last holder may have removed the file between our open() and flock(): then we hold a lock that nobody sees.
     */
    if (disk_names_file(path, staging->lock))
        return 0;
    return errno == ENOENT ? 1 : disk_fail(error, "look at", path);
}

/* Checks the file and the lock: the folder may have been removed with the file by another process, and a network file
 * system may have dropped the lock without a word. flock() takes it again in that case, unless another has it. */
bool staging_is_held(const struct staging *staging)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", staging->folder, LOCK_NAME);

    invariant(staging->lock >= 0);
    return disk_names_file(path, staging->lock) && flock(staging->lock, LOCK_EX | LOCK_NB) == 0;
}

static struct staging *new_staging(const char *root, const char *token)
{
    struct staging *staging = memory_new(1, sizeof(*staging));

    staging->root = memory_text(root, strlen(root));
    staging->folder = memory_printf("%s/%s/%s", root, LAYOUT_STAGING, token);
    snprintf(staging->token, sizeof(staging->token), "%s", token);
    staging->lock = -1;
    return staging;
}

static void free_staging(struct staging *staging)
{
    if (staging->lock >= 0)
        close(staging->lock);
    free(staging->root);
    free(staging->folder);
    free(staging);
}

/* Makes a folder of a new token and takes its lock. Returns 1 when a process that recovers abandoned folders has taken
 * it in between: without its lock it looks abandoned for a moment. */
static int take_new_folder(const char *root, struct staging **ret_staging, struct error *error)
{
    char token[LAYOUT_TOKEN_DIGITS + 1];
    struct staging *staging;
    uint64_t random;
    int status;

    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return error_set(error, ANT_START_FAILED, "could not get random bytes: %s", strerror(errno));
    snprintf(token, sizeof(token), "%016" PRIx64, random);
    staging = new_staging(root, token);
    status = disk_make_folder(staging->folder, error);
    if (!status)
        status = take_lock(staging, error);
    if (status)
        free_staging(staging);
    else
        *ret_staging = staging;
    return status;
}

int staging_open(const char *root, struct staging **ret_staging, struct error *error)
{
    cleanup(memory_free) char *data = memory_printf("%s/%s", root, LAYOUT_DATA);
    int status;

    if (disk_make_folder(data, error))
        return -1;
    do
        status = take_new_folder(root, ret_staging, error);
    while (status > 0);
    return status;
}

/* Deletes what file managers and file systems leave (.DS_Store, .nfs…): rmdir() would fail for it. */
static void delete_hidden(const struct staging *staging)
{
    cleanup(file_names_release) struct file_names names = {0};
    struct error ignored;

    if (disk_list(staging->folder, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++)
        if (names.names[i][0] == '.' && staging_delete(staging, names.names[i], &ignored))
            continue;
}

void staging_close(struct staging *staging)
{
    cleanup(memory_free) char *folder = NULL;
    struct error ignored;

    if (!staging)
        return;
    folder = memory_text(staging->folder, strlen(staging->folder));
    delete_hidden(staging);
    /* The lock of a process that recovers the folder is not ours to delete. */
    if (staging_is_held(staging) && staging_delete(staging, LOCK_NAME, &ignored))
        folder[0] = '\0';
    free_staging(staging);
    /* After the lock is closed: NFS and FUSE keep a deleted file under a hidden name as long as it is open. */
    if (folder[0])
        rmdir(folder);
}

/* The old folder is not removed: another process recovers it, or will. Closing its lock file releases the lock. */
int staging_renew(struct staging **staging, struct error *error)
{
    struct staging *renewed = NULL;

    if (staging_open((*staging)->root, &renewed, error))
        return -1;
    free_staging(*staging);
    *staging = renewed;
    return 0;
}

const char *staging_root(const struct staging *staging)
{
    return staging->root;
}

const char *staging_token(const struct staging *staging)
{
    return staging->token;
}

char *staging_path(const struct staging *staging, const char *name)
{
    return memory_printf("%s/%s", staging->folder, name);
}

static int fail_for_space(const struct staging *staging, int failure, struct error *error)
{
    error_set(error, ANT_DISK_FULL, "could not get %d MiB of disk space below \"%s\": %s",
              STAGING_SPACE_MIN / 1024 / 1024, staging->root, strerror(failure));
    return error_hint(error, "free some space, or inodes, on the disk that holds the storage-root");
}

/* By allocating the bytes, because quotas do not show in statvfs(). A file system that cannot allocate ahead is no
 * reason to stop. */
int staging_check_space(const struct staging *staging, struct error *error)
{
    cleanup(memory_free) char *path = staging_path(staging, PROBE_NAME);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), failure;

    if (file < 0)
        return disk_fail(error, "make", path);
    failure = posix_fallocate(file, 0, STAGING_SPACE_MIN);
    close(file);
    unlink(path);
    return failure == ENOSPC || failure == EDQUOT || failure == EFBIG ? fail_for_space(staging, failure, error) : 0;
}

int staging_probe(const struct staging *staging, struct error *error)
{
    struct statvfs disk;

    if (access(staging->folder, W_OK | X_OK) || statvfs(staging->folder, &disk))
        return disk_fail(error, "write to the folder", staging->folder);
    /* A file system may not know how large it is. */
    if (disk.f_blocks && disk.f_bavail < STAGING_SPACE_MIN / disk.f_frsize)
        return fail_for_space(staging, ENOSPC, error);
    /* A file system that makes inodes as they are needed says that it has none. */
    return disk.f_files && disk.f_favail == 0 ? fail_for_space(staging, ENOSPC, error) : 0;
}

int staging_sync(const struct staging *staging, struct error *error)
{
    return disk_sync_folder(staging->folder, error);
}

int staging_list(const struct staging *staging, struct file_names *ret_names, struct error *error)
{
    cleanup(file_names_release) struct file_names all = {0};

    if (disk_list(staging->folder, &all, error))
        return -1;
    for (size_t i = 0; i < all.count; i++)
        if (all.names[i][0] != '.' && strcmp(all.names[i], LOCK_NAME) != 0)
            file_names_add(ret_names, all.names[i]);
    return 0;
}

/* Publishes to another file system, such as one that is mounted at a month: by a copy under a hidden name, which
 * readers skip, until it is complete. A crash may leave the file in both places. Then it is not copied again, only
 * deleted here.
 */
static int copy_to_folder(const char *from, const char *to, const char *folder, struct error *error)
{
    cleanup(memory_free) char *hidden = memory_printf("%s/.%s", folder, disk_name_of(to));
    struct stat staged, published;

    if (stat(from, &staged))
        return disk_fail(error, "look at", from);
    if (stat(to, &published) || published.st_size != staged.st_size) {
        if (disk_copy(from, hidden, error))
            return -1;
        if (rename(hidden, to))
            return disk_fail(error, "move to its place", hidden);
        if (disk_sync_folder(folder, error))
            return -1;
    }
    return unlink(from) ? disk_fail(error, "delete", from) : 0;
}

/* The hour's folder is made if rename() does not find it. If the root is unmounted, the file is missing as well, and no
 * folder is made in the mount point. */
static int move_to_folder(const char *from, const char *to, const char *folder, struct error *error)
{
    for (int left = PUBLISH_ATTEMPTS; left; left--) {
        if (rename(from, to) == 0)
            return disk_sync_folder(folder, error);
        if (errno == EXDEV)
            return copy_to_folder(from, to, folder, error);
        if ((errno != ENOENT && errno != ENOTDIR) || access(from, F_OK))
            break;
        if (disk_make_folder(folder, error))
            return -1;
    }
    /* A process that recovered our folder has published the file. */
    if (errno == ENOENT && access(to, F_OK) == 0)
        return disk_sync_folder(folder, error);
    return disk_fail(error, "move to its place", from);
}

int staging_publish(const struct staging *staging, const char *name, struct error *error)
{
    cleanup(memory_free) char *from = staging_path(staging, name);
    cleanup(memory_free) char *folder = NULL;
    cleanup(memory_free) char *to = NULL;
    char place[LAYOUT_PATH_SIZE];

    if (layout_path(place, name))
        return error_set(error, ANT_DEFECT, "\"%s\" is no name of an archive file", name);
    to = memory_printf("%s/%s/%s", staging->root, LAYOUT_DATA, place);
    folder = memory_text(to, (size_t)(strrchr(to, '/') - to));
    return move_to_folder(from, to, folder, error);
}

int staging_delete(const struct staging *staging, const char *name, struct error *error)
{
    cleanup(memory_free) char *path = staging_path(staging, name);

    if (remove(path) && errno != ENOENT)
        return disk_fail(error, "delete", path);
    return 0;
}

/* A symbolic link is none of ours: what it leads to is not ours to delete. */
static bool is_writers_folder(const char *path, const char *name)
{
    struct stat status;

    return strlen(name) == LAYOUT_TOKEN_DIGITS && strspn(name, "0123456789abcdef") == LAYOUT_TOKEN_DIGITS &&
           lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int staging_find(const char *root, struct file_names *ret_tokens, struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", root, LAYOUT_STAGING);
    cleanup(file_names_release) struct file_names names = {0};

    if (disk_list(path, &names, error))
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        cleanup(memory_free) char *folder = memory_printf("%s/%s", path, names.names[i]);

        if (is_writers_folder(folder, names.names[i]))
            file_names_add(ret_tokens, names.names[i]);
    }
    return 0;
}

int staging_adopt(const char *root, const char *token, struct staging **ret_staging, struct error *error)
{
    struct staging *staging = new_staging(root, token);
    int status = take_lock(staging, error);

    if (status)
        free_staging(staging);
    else
        *ret_staging = staging;
    return status;
}
