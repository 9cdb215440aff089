#include "batch/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/hour_folder.h"
#include "base/memory.h"

/*
 * Whether the listed file is in its place, with its listed size. A file that is still in staging is left out: its
 * writer may publish it at any time, also after its rows are in another file, and they would count twice.
 */
static int check_in_place(const char *storage_path, const struct listed_file *file, bool *ret_in_place,
                          struct error *error)
{
    cleanup(memory_free) char *place = memory_printf("%s/%s", storage_path, file->path);
    cleanup(memory_free) char *found = NULL;
    struct stat status;

    if (hour_folder_find(storage_path, file->path, HOUR_FOLDER_PUBLISH_MS, &found, error))
        return -1;
    *ret_in_place = strcmp(found, place) == 0;
    if (!*ret_in_place)
        return 0;
    if (stat(found, &status))
        return error_set(error, ANT_DISK_FAILED, "could not look at \"%s\": %s", found, strerror(errno));
    if (status.st_size == file->size)
        return 0;
    error_set(error, ANT_FILE_ALTERED, "\"%s\" has %lld bytes instead of the %lld that are listed", found,
              (long long)status.st_size, (long long)file->size);
    return error_hint(error, "put the file back from a backup");
}

static int compare_files(const void *left, const void *right)
{
    const struct listed_file *left_file = *(const struct listed_file *const *)left,
                             *right_file = *(const struct listed_file *const *)right;
    int order = strcmp(left_file->job, right_file->job);

    if (order == 0)
        order = strcmp(left_file->topic, right_file->topic);
    return order ? order : strcmp(left_file->path, right_file->path);
}

static int choose_files(const char *storage_path, const struct listed_files *files, const struct listed_file **small,
                        size_t *ret_count, struct error *error)
{
    size_t count = 0;

    for (size_t i = 0; i < files->count; i++) {
        const struct listed_file *file = &files->list[i];
        bool in_place;

        if (file->replaced || file->size >= GROUPS_FILE_SIZE_TARGET / 2)
            continue;
        if (check_in_place(storage_path, file, &in_place, error))
            return -1;
        if (in_place)
            small[count++] = file;
    }
    if (count)
        qsort(small, count, sizeof(*small), compare_files);
    *ret_count = count;
    return 0;
}

struct file_content groups_content(const struct listed_file *file)
{
    return (struct file_content){file->rows, file->bytes_total, file->min_timestamp, file->max_timestamp};
}

bool groups_same_content(const struct file_content *left, const struct file_content *right)
{
    return left->rows == right->rows && left->bytes_total == right->bytes_total &&
           left->min_timestamp == right->min_timestamp && left->max_timestamp == right->max_timestamp;
}

/* Returns false when the list could not hold the sum of bytes. */
static bool add_content(struct file_content *sum, const struct file_content *content)
{
    int64_t bytes_total;

    if (__builtin_add_overflow(sum->bytes_total, content->bytes_total, &bytes_total))
        return false;
    if (sum->rows == 0 || content->min_timestamp < sum->min_timestamp)
        sum->min_timestamp = content->min_timestamp;
    if (sum->rows == 0 || content->max_timestamp > sum->max_timestamp)
        sum->max_timestamp = content->max_timestamp;
    sum->rows += content->rows;
    sum->bytes_total = bytes_total;
    return true;
}

/* Takes files of one job and topic, up to the target size. The list stores ranges of offsets of each file, which mean
 * nothing across topics. */
static struct group take_group(const struct listed_file **files, size_t count)
{
    struct group group = {.files = files};

    while (group.count < count) {
        const struct listed_file *file = files[group.count];
        struct file_content content = groups_content(file);

        if (strcmp(file->job, files[0]->job) != 0 || strcmp(file->topic, files[0]->topic) != 0 ||
            group.size + file->size > GROUPS_FILE_SIZE_TARGET || !add_content(&group.content, &content))
            break;
        group.size += file->size;
        group.count++;
    }
    return group;
}

int groups_form(struct groups *groups, const char *storage_path, const struct listed_files *files, struct error *error)
{
    size_t small;

    groups->small = memory_new(files->count, sizeof(*groups->small));
    if (choose_files(storage_path, files, groups->small, &small, error))
        return -1;
    groups->list = memory_new(small, sizeof(*groups->list));
    for (size_t next = 0; next < small;) {
        struct group group = take_group(&groups->small[next], small - next);

        if (group.count > 1)
            groups->list[groups->count++] = group;
        next += group.count;
    }
    return 0;
}

void groups_add(struct groups *groups, const struct listed_file *file, size_t most)
{
    if (!groups->small) {
        groups->small = memory_new(most, sizeof(*groups->small));
        groups->list = memory_new(most, sizeof(*groups->list));
    }
    groups->small[groups->count] = file;
    groups->list[groups->count] = (struct group){&groups->small[groups->count], 1, file->size, groups_content(file)};
    groups->count++;
}

void groups_release(struct groups *groups)
{
    free(groups->list);
    free(groups->small);
    *groups = (struct groups){0};
}
