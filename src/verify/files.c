#include "verify/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/hour_folder.h"
#include "base/memory.h"
#include "base/time.h"
#include "verify/difference.h"

/* The path of a file that is as large as it was, or NULL. One of an hour may still be on its way to its place. */
static char *find_file(const struct files_check *check, const struct listed_file *file, struct differences *differences)
{
    int64_t patience_ms = differences->count ? 0 : HOUR_FOLDER_PUBLISH_MS;
    struct error error;
    struct stat status;
    char *path;

    if (hour_folder_find(check->storage_path, file->path, patience_ms, &path, &error)) {
        differences_add(differences, CAUSE_FILE_MISSING, "%s", error.message);
        return NULL;
    }
    if (stat(path, &status))
        differences_add(differences, CAUSE_FILE_DAMAGED, "\"%s\" cannot be looked at: %s", path, strerror(errno));
    else if (status.st_size != file->size)
        differences_add(differences, CAUSE_FILE_DAMAGED, "\"%s\" has %lld bytes on disk instead of %lld", path,
                        (long long)status.st_size, (long long)file->size);
    else
        return path;
    free(path);
    return NULL;
}

static bool check_footer(const struct files_check *check, char *path, const struct listed_file *file,
                         struct differences *differences)
{
    struct file_names one = {&path, 1};
    struct error error;
    int64_t rows = 0;

    if (reader_count_rows(check->reader, &one, &rows, &error))
        differences_add(differences, CAUSE_FILE_DAMAGED, "\"%s\": %s", path, error.message);
    else if (rows != file->rows)
        differences_add(differences, CAUSE_FILE_DAMAGED, "\"%s\" has %lld rows instead of %lld", path, (long long)rows,
                        (long long)file->rows);
    else
        return true;
    return false;
}

static bool check_rows(const struct files_check *check, const char *path, const struct listed_file *file,
                       struct hour_finding *finding)
{
    struct file_content content;
    struct error error;

    if (reader_inspect(check->reader, path, &content, &error))
        differences_add(&finding->differences, CAUSE_FILE_DAMAGED, "%s", error.message);
    else if (content.bytes_total != file->bytes_total)
        differences_add(&finding->differences, CAUSE_FILE_DAMAGED, "the rows of \"%s\" have %lld bytes instead of %lld",
                        path, (long long)content.bytes_total, (long long)file->bytes_total);
    else if (content.min_timestamp != file->min_timestamp || content.max_timestamp != file->max_timestamp ||
             time_hour(content.min_timestamp) != finding->hour || time_hour(content.max_timestamp) != finding->hour)
        differences_add(&finding->differences, CAUSE_FILE_DAMAGED,
                        "the rows of \"%s\" have other event times than listed", path);
    else {
        finding->file_bytes += content.bytes_total;
        return true;
    }
    return false;
}

/* All footers at once; one by one when that fails, or when a number is not right. */
static bool footers_are_right(const struct files_check *check, const struct file_names *paths,
                              const struct listed_file *const *files)
{
    int64_t *rows = memory_new(paths->count + 1, sizeof(*rows));
    struct error ignored;
    bool right = paths->count == 0 || reader_count_rows(check->reader, paths, rows, &ignored) == 0;

    for (size_t i = 0; i < paths->count && right; i++)
        right = rows[i] == files[i]->rows;
    free(rows);
    return right;
}

static void check_listed(const struct files_check *check, struct hour_finding *finding, struct file_names *ret_whole)
{
    const struct listed_file **files = memory_new(check->listed->count + 1, sizeof(*files));
    struct file_names paths = {memory_new(check->listed->count + 1, sizeof(*paths.names)), 0};
    bool right;

    for (size_t i = 0; i < check->listed->count; i++) {
        const struct listed_file *file = &check->listed->list[i];
        char *path = file->replaced ? NULL : find_file(check, file, &finding->differences);

        if (!path)
            continue;
        files[paths.count] = file;
        paths.names[paths.count++] = path;
    }
    ret_whole->names = memory_new(paths.count + 1, sizeof(*ret_whole->names));
    right = footers_are_right(check, &paths, files);
    for (size_t i = 0; i < paths.count; i++) {
        if ((!right && !check_footer(check, paths.names[i], files[i], &finding->differences)) ||
            (check->deep && !check_rows(check, paths.names[i], files[i], finding)))
            continue;
        finding->file_rows += files[i]->rows;
        ret_whole->names[ret_whole->count++] = memory_text(paths.names[i], strlen(paths.names[i]));
    }
    finding->files = ret_whole->count;
    file_names_release(&paths);
    free(files);
}

void verify_files(const struct files_check *check, const struct file_names *folder, struct hour_finding *finding,
                  struct file_names *ret_whole)
{
    check_listed(check, finding, ret_whole);
    /* If the last batch run read unlisted files, the operator asked for it: they are no difference. */
    for (size_t i = 0; i < folder->count && finding->sums.batch_unlisted_rows == 0; i++)
        if (!listed_files_have(check->listed, folder->names[i] + strlen(check->storage_path) + 1))
            differences_add(&finding->differences, CAUSE_FILE_UNLISTED, "\"%s\" is not listed", folder->names[i]);
}
