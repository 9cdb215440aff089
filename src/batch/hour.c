#include "batch/hour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/hour_folder.h"
#include "base/memory.h"
#include "postgres/quota.h"
#include "postgres/totals.h"

/* An hour whose files move while they are read is read again. */
#define READ_ATTEMPTS 3

/* The files of an hour: first those that are listed, then the others that are to be read. */
struct hour_files {
    struct listed_files listed; /* without the replaced ones */
    struct file_names paths;
    size_t listed_count;
    int64_t listed_rows, listed_bytes;
};

static void release_files(struct hour_files *files)
{
    listed_files_release(&files->listed);
    file_names_release(&files->paths);
}

static void add_path(struct file_names *paths, char *path)
{
    paths->names = memory_resize(paths->names, paths->count + 1, sizeof(*paths->names));
    paths->names[paths->count++] = path;
}

/* Listed files must be where the list says. */
static int find_listed_files(const char *storage_path, struct hour_files *files, struct error *error)
{
    for (size_t i = 0; i < files->listed.count; i++) {
        const struct listed_file *file = &files->listed.list[i];
        char *path;

        if (file->replaced)
            continue;
        if (hour_folder_find(storage_path, file->path, HOUR_FOLDER_PUBLISH_MS, &path, error))
            return -1;
        add_path(&files->paths, path);
        files->listed_rows += file->rows;
        if (__builtin_add_overflow(files->listed_bytes, file->bytes_total, &files->listed_bytes))
            return error_set(error, ERROR_MISTAKE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    files->listed_count = files->paths.count;
    return 0;
}

/* ... with as many rows as it says. */
static int check_rows(struct reader *reader, const struct hour_files *files, struct error *error)
{
    const struct file_names listed = {files->paths.names, files->listed_count};
    int64_t *rows = memory_new(listed.count + 1, sizeof(*rows));
    int status = listed.count ? reader_count_rows(reader, &listed, rows, error) : 0;
    size_t next = 0;

    for (size_t i = 0; i < files->listed.count && !status; i++) {
        const struct listed_file *file = &files->listed.list[i];

        if (file->replaced)
            continue;
        if (rows[next] != file->rows)
            status = error_set(error, ERROR_MISTAKE, "\"%s\" has %lld rows instead of the %lld that are listed",
                               listed.names[next], (long long)rows[next], (long long)file->rows);
        next++;
    }
    free(rows);
    return status;
}

/* The hour's files. The folder is read before the list: what lies there by our own hand is listed by then. */
static int read_from_storage(const struct batch_tools *tools, struct hour_files *files, struct batch_report *report,
                             struct error *error)
{
    const char *storage_path = config_text(tools->config, OPTION_STORAGE_PATH);
    bool read_all = !tools->bookkeeping || config_flag(tools->config, OPTION_ALL_FILES);
    cleanup(file_names_release) struct file_names folder = {0};

    if (hour_folder_list(storage_path, report->hour, &folder, error))
        return -1;
    if (tools->bookkeeping &&
        (hours_files(tools->postgres, report->hour, &files->listed, error) ||
         find_listed_files(storage_path, files, error) || check_rows(tools->reader, files, error)))
        return -1;
    for (size_t i = 0; i < folder.count; i++) {
        /* One that is gone again was replaced, and is no longer listed. */
        if (listed_files_have(&files->listed, folder.names[i] + strlen(storage_path) + 1) ||
            access(folder.names[i], F_OK))
            continue;
        if (!read_all) {
            report->left_out++;
            continue;
        }
        report->unlisted++;
        add_path(&files->paths, memory_text(folder.names[i], strlen(folder.names[i])));
    }
    report->files = files->paths.count;
    return 0;
}

struct run {
    struct totals_writer writer;
    struct batch_report *report;
};

/* One total of hourly_total_bytes_antenna, _app or _user, on its way to the table. */
static int take_total(void *context, const struct hour_total *total, struct error *error)
{
    struct run *run = context;

    run->report->totals[total->dimension]++;
    /* Each event has one app: these sums are the sums of all. */
    if (total->dimension == DIMENSION_APP) {
        run->report->rows += total->events;
        if (__builtin_add_overflow(run->report->bytes, total->bytes, &run->report->bytes))
            return error_set(error, ERROR_MISTAKE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    return totals_write(&run->writer, run->report->hour, (int)total->dimension, total->name, total->bytes, error);
}

/* One scan makes the three totals. */
static int hourly_total_bytes(const struct batch_tools *tools, const struct file_names *paths,
                              struct batch_report *report, struct error *error)
{
    struct run run = {.report = report};
    int status =
        totals_begin_replacing(&run.writer, tools->postgres, config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
                               report->hour, (struct totals_labels){dimension_labels, DIMENSIONS}, error);

    if (!status && paths->count)
        status = reader_sum(tools->reader, paths, take_total, &run, error);
    if (!status)
        status = totals_flush(&run.writer, error);
    totals_writer_release(&run.writer);
    return status;
}

/* Names the first file whose rows are not those that were archived. */
static int name_altered_file(struct reader *reader, const struct hour_files *files, struct error *error)
{
    size_t next = 0;

    for (size_t i = 0; i < files->listed.count; i++) {
        const struct listed_file *file = &files->listed.list[i];
        struct file_content content;

        if (file->replaced)
            continue;
        if (reader_inspect(reader, files->paths.names[next], &content, error))
            return -1;
        if (content.bytes_total != file->bytes_total)
            return error_set(error, ERROR_MISTAKE,
                             "the rows of \"%s\" have %lld bytes instead of the %lld that are listed",
                             files->paths.names[next], (long long)content.bytes_total, (long long)file->bytes_total);
        next++;
    }
    return error_set(error, ERROR_MISTAKE, "the hour's files do not have the %lld bytes that are listed",
                     (long long)files->listed_bytes);
}

/* What was summed up is what the speed layer archived, to the byte. */
static int check_sums(const struct batch_tools *tools, const struct hour_files *files,
                      const struct batch_report *report, struct error *error)
{
    bool all_listed = files->paths.count == files->listed_count;

    if (!tools->bookkeeping || !all_listed || report->bytes == files->listed_bytes)
        return 0;
    if (name_altered_file(tools->reader, files, error) && !*error->hint)
        return error_hint(error, "put the file back from a backup");
    return -1;
}

static int users_with_exceeded_quota(const struct batch_tools *tools, struct batch_report *report, struct error *error)
{
    const struct quota_tables tables = {
        .bytes_hourly = config_text(tools->config, OPTION_BYTES_HOURLY_TABLE),
        .user_metadata = config_text(tools->config, OPTION_USER_METADATA_TABLE),
        .user_quota_limit = config_text(tools->config, OPTION_USER_QUOTA_LIMIT_TABLE),
    };
    struct quota_report quota;

    if (quota_replace_hour(tools->postgres, &tables, report->hour, &quota, error))
        return -1;
    report->exceeded = quota.exceeded;
    report->unknown = quota.unknown;
    return 0;
}

static int note_run(const struct batch_tools *tools, const struct hour_files *files, struct batch_report *report,
                    struct error *error)
{
    const struct batch_input input = {
        .listed_rows = files->listed_rows,
        .listed_bytes = files->listed_bytes,
        .unlisted_rows = report->rows - files->listed_rows,
        .unlisted_bytes = report->bytes - files->listed_bytes,
    };

    if (!tools->bookkeeping)
        return 0;
    if (hours_limit_idle_time(tools->postgres, error))
        return -1;
    return hours_note_batch(tools->postgres, report->hour, &input, &report->rerun, error);
}

static int replace_hour(const struct batch_tools *tools, struct hour_files *files, struct batch_report *report,
                        struct error *error)
{
    if (postgres_begin(tools->postgres, error) || hours_lock(tools->postgres, report->hour, error) ||
        read_from_storage(tools, files, report, error) || hourly_total_bytes(tools, &files->paths, report, error) ||
        check_sums(tools, files, report, error) || users_with_exceeded_quota(tools, report, error) ||
        note_run(tools, files, report, error))
        return -1;
    return postgres_commit(tools->postgres, error);
}

/* Whether a file has left where it was found: its writer, or who recovers what a dead one left, moves it to its place
 * at any time. */
static bool any_left(const struct hour_files *files)
{
    for (size_t i = 0; i < files->paths.count; i++)
        if (access(files->paths.names[i], F_OK))
            return true;
    return false;
}

int batch_hour(const struct batch_tools *tools, const struct hour_entry *entry, struct batch_report *ret_report,
               struct error *error)
{
    for (int left = READ_ATTEMPTS; left; left--) {
        cleanup(release_files) struct hour_files files = {0};
        struct batch_report report = {.hour = entry->hour, .sealed = entry->sealed};

        if (replace_hour(tools, &files, &report, error) == 0) {
            *ret_report = report;
            return 0;
        }
        if (!any_left(&files))
            break;
        postgres_rollback(tools->postgres);
    }
    return -1;
}
