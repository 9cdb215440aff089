#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "archive/hour_folder.h"
#include "archive/layout.h"
#include "archive/staging.h"
#include "base/memory.h"
#include "doctor/subjects.h"

#define PATH "storage_path"
#define ROOT "storage_root"
#define STAGING "storage_staging"
#define SPACE "storage_space"
#define INODES "storage_inodes"

#define GIGABYTE 1e9

/* Below these shares and sizes of what is free somebody should look at the disk. */
#define SPACE_LOW_SHARE 0.05
#define SPACE_LOW_BYTES 1000000000
#define INODES_LOW_SHARE 0.05

/* A writer's folder, its lock and a file, and the folders of an hour. */
#define INODES_MIN 16

static const char *const disk_checks[] = {STAGING, SPACE, INODES, NULL};

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The folder of that name below the root, or the root while it is not there yet. Free the text. */
static char *folder_or_root(const char *root, const char *name)
{
    char *path = memory_printf("%s/%s", root, name);

    if (is_folder(path))
        return path;
    free(path);
    return memory_text(root, strlen(root));
}

/* Makes a file of a new name, which replaces the X in the path, writes and locks it. Returns 0, or the errno
 * of what could not be done. */
static int make_probe(char *path)
{
    int file = mkostemp(path, O_CLOEXEC), failure;

    if (file < 0)
        return errno;
    failure = write(file, "", 1) == 1 && fsync(file) == 0 && flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    close(file);
    if (failure)
        unlink(path);
    return failure;
}

/* What a writer does with each file, by one that no reader sees: it is hidden, and gone at once. */
static void examine_moving(struct doctor *doctor, const char *root)
{
    cleanup(memory_free) char *staging = folder_or_root(root, LAYOUT_STAGING);
    cleanup(memory_free) char *data = folder_or_root(root, LAYOUT_DATA);
    cleanup(memory_free) char *from = memory_printf("%s/.doctor-XXXXXX", staging);
    int failure = make_probe(from);
    cleanup(memory_free) char *to = memory_printf("%s%s-moved", data, strrchr(from, '/'));

    if (failure) {
        found_failed(doctor, ROOT,
                     failure == EROFS ? "mount the file system for writing"
                                      : "let the job's user write there: call doctor as that user",
                     "could not write and lock a file in \"%s\": %s", staging, strerror(failure));
        found_skipped(doctor, STAGING, "no file can be written");
        return;
    }
    found_ok(doctor, ROOT, "\"%s\" can be written to, and its locks hold", root);
    if (rename(from, to) == 0)
        found_ok(doctor, STAGING, "files can be moved from \"%s\" to \"%s\"", staging, data);
    else if (errno == EXDEV)
        found_warning(doctor, STAGING, "mount the storage-root as a whole, instead of a folder in it",
                      "\"%s\" and \"%s\" are different file systems: each file is copied to its place, and none can be "
                      "compacted",
                      staging, data);
    else
        found_failed(doctor, STAGING, "let the job's user write there: call doctor as that user",
                     "could not move a file from \"%s\" to \"%s\": %s", staging, data, strerror(errno));
    unlink(from);
    unlink(to);
}

static void judge_space(struct doctor *doctor, const char *path, const struct statvfs *disk)
{
    double free_bytes = (double)disk->f_bavail * (double)disk->f_frsize;
    double all_bytes = (double)disk->f_blocks * (double)disk->f_frsize;

    if (free_bytes < STAGING_SPACE_MIN)
        found_unavailable(doctor, SPACE, "free some space, or give a larger disk",
                          "%.0f bytes are free on the disk of \"%s\": speed does not start with less than %d",
                          free_bytes, path, STAGING_SPACE_MIN);
    else if (free_bytes < SPACE_LOW_BYTES || free_bytes < SPACE_LOW_SHARE * all_bytes)
        found_warning(doctor, SPACE, "free some space, or give a larger disk: speed waits when it is full",
                      "%.2f of %.2f GB are free", free_bytes / GIGABYTE, all_bytes / GIGABYTE);
    else
        found_ok(doctor, SPACE, "%.1f of %.1f GB are free", free_bytes / GIGABYTE, all_bytes / GIGABYTE);
}

/* Some file systems make inodes as they are needed, and say that they have none. */
static void judge_inodes(struct doctor *doctor, const struct statvfs *disk)
{
    uint64_t left = disk->f_favail, all = disk->f_files;

    if (all == 0)
        found_ok(doctor, INODES, "this file system makes them as they are needed");
    else if (left < INODES_MIN)
        found_unavailable(doctor, INODES, "delete files that nobody needs, or make a file system with more inodes",
                          "%" PRIu64 " of %" PRIu64 " files can still be made", left, all);
    else if ((double)left < INODES_LOW_SHARE * (double)all)
        found_warning(doctor, INODES, "merge small files with antenna batch --compact, or delete what nobody needs",
                      "%" PRIu64 " of %" PRIu64 " files can still be made", left, all);
    else
        found_ok(doctor, INODES, "%" PRIu64 " of %" PRIu64 " files can still be made", left, all);
}

static void examine_disk(struct doctor *doctor, const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk)) {
        found_skipped(doctor, SPACE, "the file system does not report it: %s", strerror(errno));
        found_skipped(doctor, INODES, "the file system does not report it: %s", strerror(errno));
        return;
    }
    judge_space(doctor, path, &disk);
    judge_inodes(doctor, &disk);
}

/* The nearest folder above that is there. Free the text. */
static char *existing_above(const char *path)
{
    char *above = memory_text(path, strlen(path));
    char *slash;

    while (!is_folder(above) && (slash = strrchr(above, '/')) && slash != above)
        *slash = '\0';
    if (is_folder(above))
        return above;
    free(above);
    return memory_text(*path == '/' ? "/" : ".", 1);
}

/* The speed layer makes it, and the folders above it. */
static void examine_missing(struct doctor *doctor, const char *root)
{
    cleanup(memory_free) char *above = existing_above(root);

    if (access(above, W_OK | X_OK))
        found_failed(doctor, ROOT, "make it, as the job's user or for it; or correct --storage-root",
                     "\"%s\" does not exist, and cannot be made in \"%s\": %s", root, above, strerror(errno));
    else
        found_warning(doctor, ROOT, "correct --storage-root, unless this is the first start",
                      "\"%s\" does not exist: speed would make it", root);
    found_skipped(doctor, STAGING, "the storage root does not exist");
    examine_disk(doctor, above);
}

static bool is_same_folder(const char *left, const char *right)
{
    struct stat of_left, of_right;

    return stat(left, &of_left) == 0 && stat(right, &of_right) == 0 && of_left.st_dev == of_right.st_dev &&
           of_left.st_ino == of_right.st_ino;
}

/* The folder that batch and verify read: that of the storage root, where both are given. */
static void examine_path(struct doctor *doctor, const char *path, const char *root)
{
    cleanup(memory_free) char *data = memory_printf("%s/%s", root ? root : "", LAYOUT_DATA);
    struct error error;

    if (root && !is_folder(data) && access(path, F_OK))
        found_warning(doctor, PATH, "correct --storage-path, unless this is the first start",
                      "\"%s\" does not exist: batch ends until speed has made it", path);
    else if (storage_check(path, &error))
        found_error(doctor, PATH, &error);
    else if (access(path, R_OK | X_OK))
        found_failed(doctor, PATH, "let the job's user read there: call doctor as that user",
                     "the files of \"%s\" cannot be read: %s", path, strerror(errno));
    else if (root && !is_same_folder(path, data))
        found_failed(doctor, PATH,
                     "give the storage-root with /data behind it as --storage-path, or correct --storage-root",
                     "\"%s\" is not \"%s\", where speed writes: batch would not find its files", path, data);
    else
        found_ok(doctor, PATH, "\"%s\" can be read", path);
}

void examine_storage(struct doctor *doctor)
{
    const char *root = config_text(doctor->config, OPTION_STORAGE_ROOT);
    const char *path = config_text(doctor->config, OPTION_STORAGE_PATH);
    struct stat status;

    if (path && strcmp(path, "-") != 0) /* - is none: batch reads another archive */
        examine_path(doctor, path, root);
    if (!root) {
        found_skipped(doctor, ROOT, "no --storage-root is given: the disk is not looked at");
        return;
    }
    if (stat(root, &status) == 0 && !S_ISDIR(status.st_mode)) {
        found_failed(doctor, ROOT, "give a folder as --storage-root", "\"%s\" is not a folder", root);
        found_skipped_all(doctor, disk_checks, "there is no storage root");
        return;
    }
    if (!is_folder(root)) {
        examine_missing(doctor, root);
        return;
    }
    examine_moving(doctor, root);
    examine_folders(doctor, root);
    examine_disk(doctor, root);
}
