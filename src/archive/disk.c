#include "archive/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define COPY_SIZE 65536

void file_names_release(struct file_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct file_names){0};
}

void file_names_add(struct file_names *names, const char *name)
{
    names->names = memory_resize(names->names, names->count + 1, sizeof(*names->names));
    names->names[names->count++] = memory_text(name, strlen(name));
}

size_t file_names_find(const struct file_names *names, struct slice name, size_t expected)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t index = (expected + i) % names->count;

        if (slice_equal(name, slice_of(names->names[index])))
            return index;
    }
    return names->count;
}

const char *disk_name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* By the inode: another process may have replaced the file by a new one of the same name. */
bool disk_names_file(const char *path, int file)
{
    struct stat held, named;

    if (fstat(file, &held) || stat(path, &named))
        return false;
    errno = ENOENT;
    return held.st_ino == named.st_ino;
}

int disk_refuse_link(const char *path, struct error *error)
{
    struct stat status;

    if (lstat(path, &status) || !S_ISLNK(status.st_mode))
        return 0;
    error_set(error, ANT_FILE_LINK, "could not delete \"%s\": it is a symbolic link, and its file would stay", path);
    return error_hint(error, "put the file itself into the folder, in place of the link");
}

/* Rights and paths stay wrong until the operator corrects them; any other error of a disk may pass. */
int disk_fail(struct error *error, const char *what, const char *path)
{
    bool refused = errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOTDIR || errno == ENOENT ||
                   errno == EEXIST || errno == EISDIR || errno == ENOTEMPTY || errno == ELOOP || errno == EXDEV ||
                   errno == ENAMETOOLONG;

    error_set(error, refused ? ANT_DISK_REFUSED : ANT_DISK_FAILED, "could not %s \"%s\": %s", what, path,
              strerror(errno));
    if (refused)
        return error_hint(error,
                          "check the path, that this user may write to it, and that it is not mounted read-only");
    return error_hint(error, "check the disk that holds the storage-root");
}

/* fsync() works on any descriptor of the file: DuckDB has closed its own. */
int disk_sync_file(const char *path, int64_t *ret_size, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    if (file < 0)
        return error_set(error, ANT_DISK_FAILED, "could not open \"%s\": %s", path, strerror(errno));
    if (fsync(file) || fstat(file, &status)) {
        error_set(error, ANT_DISK_FAILED, "could not write \"%s\" to disk: %s", path, strerror(errno));
        close(file);
        return -1;
    }
    close(file);
    *ret_size = status.st_size;
    return 0;
}

/* Whether a folder that was synced takes no change any more. fsync() also succeeds, and stores nothing, on an ext4 that
 * an error has just turned read-only (seen with Linux 6.18): only another change shows it. An unnamed file leaves
 * nothing behind; a file system that has none (NFS, FUSE) does not say EROFS or EIO. */
static bool refuses_changes(const char *path)
{
    int file = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (file >= 0)
        close(file);
    return file < 0 && (errno == EROFS || errno == EIO);
}

int disk_sync_folder(const char *path, struct error *error)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return disk_fail(error, "open the folder", path);
    if (fsync(folder) || refuses_changes(path)) {
        disk_fail(error, "write to disk the folder", path);
        close(folder);
        return -1;
    }
    close(folder);
    return 0;
}

/* Returns 0, or -1 with errno. */
static int copy_bytes(int from, int to)
{
    char bytes[COPY_SIZE];
    ssize_t size;

    while ((size = read(from, bytes, sizeof(bytes))) > 0)
        for (ssize_t done = 0, written; done < size; done += written)
            if ((written = write(to, bytes + done, (size_t)(size - done))) < 0)
                return -1;
    return size < 0 || fsync(to) ? -1 : 0;
}

int disk_copy(const char *from, const char *to, struct error *error)
{
    int source = open(from, O_RDONLY | O_CLOEXEC), copy, status;

    if (source < 0)
        return disk_fail(error, "open", from);
    copy = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    status = copy < 0 || copy_bytes(source, copy) ? disk_fail(error, "write", to) : 0;
    close(source);
    if (copy >= 0)
        close(copy);
    return status;
}

/* Syncs the folder above after each level: a file that is synced in a folder whose name is lost would be lost, too. */
int disk_make_folder(const char *path, struct error *error)
{
    cleanup(memory_free) char *above = NULL;
    const char *slash;
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    slash = strrchr(path, '/');
    above = !slash ? memory_text(".", 1) : memory_text(path, slash == path ? 1 : (size_t)(slash - path));
    if (slash && slash != path && disk_make_folder(above, error))
        return -1;
    if (mkdir(path, 0777) && (errno != EEXIST || stat(path, &status) || !S_ISDIR(status.st_mode)))
        return disk_fail(error, "make the folder", path);
    return disk_sync_folder(above, error);
}

int disk_read_folder(DIR *folder, struct file_names *ret_names)
{
    const struct dirent *entry;
    int failure;

    while (errno = 0, (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            file_names_add(ret_names, entry->d_name);
    failure = errno;
    closedir(folder);
    errno = failure;
    return failure ? -1 : 0;
}

int disk_list(const char *path, struct file_names *ret_names, struct error *error)
{
    DIR *folder = opendir(path);

    if (!folder)
        return disk_fail(error, "open the folder", path);
    return disk_read_folder(folder, ret_names) ? disk_fail(error, "read the folder", path) : 0;
}
