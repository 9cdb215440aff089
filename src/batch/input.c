#include "batch/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/hour_folder.h"
#include "archive/identity.h"
#include "archive/spark_log.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/archive_files.h"

/* What reads an hour's files. */
struct reading {
    const struct input_rule *rule;
    struct postgres *postgres;
    struct reader *reader;
    bool listed;                /* the database has a list */
    bool all_files;             /* of the first archive */
    struct foreign_files found; /* in the first archive, listed or not */
};

int input_read_rule(const struct config *config, struct input_rule *ret_rule, struct error *error)
{
    const char *storage_path = config_text(config, OPTION_STORAGE_PATH);
    struct input_rule rule = {
        .storage_path = strcmp(storage_path, "-") == 0 ? NULL : storage_path,
        .old_storage_path = config_text(config, OPTION_OLD_STORAGE_PATH),
        .all_files = config_flag(config, OPTION_ALL_FILES),
        .stop_at_rejects = config_number(config, OPTION_INVALID_ROWS) != 0,
        .foreign = {config_text(config, OPTION_TIME_ZONE), config_flag(config, OPTION_BY_TIMESTAMP)},
    };

    if (!rule.storage_path && !rule.old_storage_path) {
        error_set(error, ANT_VALUE_INVALID,
                  "invalid value for storage-path: \"-\" names none without --old-storage-path");
        return error_hint(error, "give the folder that holds year=…");
    }
    if (!rule.storage_path && config_flag(config, OPTION_COMPACT)) {
        error_set(error, ANT_OPTIONS_CONFLICT, "invalid value for storage-path: \"-\" cannot be used with --compact");
        return error_hint(error, "give the folder that holds year=…");
    }
    *ret_rule = rule;
    return 0;
}

bool input_reads_foreign(const struct input_rule *rule)
{
    return rule->all_files || rule->old_storage_path;
}

/* With an identity from before, identity_probe() reports a missing archive as unavailable: the service waits until it
 * is mounted again. Without one, a folder without identity is a configuration error. */
int input_check_archive(const struct input_rule *rule, struct postgres *postgres, bool adopt, char *archive_id,
                        struct error *error)
{
    enum identity_use use = adopt && !*archive_id ? IDENTITY_ADOPT : rule->all_files ? IDENTITY_FOREIGN : IDENTITY_READ;

    if (rule->old_storage_path && identity_refuse_own(postgres, rule->old_storage_path, error))
        return -1;
    if (!rule->storage_path) /* another archive alone is read */
        return 0;
    return identity_probe(rule->storage_path, archive_id, error) ||
                   identity_check(postgres, rule->storage_path, use, archive_id, error)
               ? -1
               : 0;
}

static int check_old_archive(const struct input_rule *rule, struct error *error)
{
    if (storage_check(rule->old_storage_path, error) || storage_require_years(rule->old_storage_path, error))
        return error_context(error, "invalid value for old-storage-path");
    return 0;
}

int input_check_rule(const struct input_rule *rule, struct reader *reader, struct error *error)
{
    if ((rule->storage_path && storage_check(rule->storage_path, error)) ||
        (rule->old_storage_path && check_old_archive(rule, error)))
        return -1;
    return foreign_check_rule(reader_database(reader), &rule->foreign, error);
}

/* Files that were replaced, or whose rows an earlier run has added for good, are not read. */
static bool is_read(const struct listed_file *file)
{
    return !file->replaced && !file->added;
}

/* Each listed file must be found: in its place, or still in staging. */
static int find_listed_files(const char *storage_path, struct input *input, struct error *error)
{
    for (size_t i = 0; i < input->listed.count; i++) {
        const struct listed_file *file = &input->listed.list[i];
        cleanup(memory_free) char *path = NULL;

        if (!is_read(file))
            continue;
        if (hour_folder_find(storage_path, file->path, HOUR_FOLDER_PUBLISH_MS, &path, error))
            return -1;
        file_names_add(&input->own, path);
        input->listed_rows += file->rows;
        if (__builtin_add_overflow(input->listed_bytes, file->bytes_total, &input->listed_bytes))
            return error_set(error, ANT_SUM_TOO_LARGE, "the sum of the hour's bytes exceeds what BIGINT holds");
    }
    return 0;
}

/* ... and have the listed number of rows, by its footer, which is cheap: damaged files are found before the scan. */
static int check_rows(struct reader *reader, const struct input *input, struct error *error)
{
    int64_t *rows = memory_new(input->own.count + 1, sizeof(*rows));
    int status = input->own.count ? reader_count_rows(reader, &input->own, rows, error) : 0;
    size_t next = 0;

    for (size_t i = 0; i < input->listed.count && !status; i++) {
        const struct listed_file *file = &input->listed.list[i];

        if (!is_read(file))
            continue;
        if (rows[next] != file->rows)
            status = error_set(error, ANT_FILE_ALTERED, "\"%s\" has %lld rows instead of the %lld that are listed",
                               input->own.names[next], (long long)rows[next], (long long)file->rows);
        next++;
    }
    free(rows);
    return status;
}

/* The Parquet files of the folders in which the hour's rows may lie. */
static int list_folders(const struct reading *reading, const char *storage_path, const struct foreign_rule *rule,
                        int64_t hour, struct foreign_files *files, size_t *ret_others, struct error *error)
{
    cleanup(foreign_folders_release) struct foreign_folders folders = {0};

    if (foreign_find_folders(reader_database(reading->reader), rule, hour, &folders, error))
        return -1;
    for (size_t i = 0; i < folders.count; i++) {
        cleanup(hour_folder_release) struct hour_folder folder = {0};

        if (hour_folder_list(storage_path, folders.list[i].hour, &folder, error))
            return -1;
        for (size_t j = 0; j < folder.paths.count; j++)
            foreign_files_add(files, folder.paths.names[j], &folders.list[i]);
        *ret_others += folder.others;
    }
    return 0;
}

/* Finds which files are listed, by their places. The folders of a time zone may have files of neighbouring hours: if
 * some file is not among those of this hour, the whole list is asked. */
static int find_listed(const struct reading *reading, const struct input *input, bool *ret_listed, struct error *error)
{
    const struct file_names *paths = &reading->found.paths;
    const char **places = memory_new(paths->count, sizeof(*places));
    bool all = true;
    int status = 0;

    for (size_t i = 0; i < paths->count; i++) {
        places[i] = paths->names[i] + strlen(reading->rule->storage_path) + 1;
        ret_listed[i] = listed_files_have(&input->listed, places[i]);
        all = all && ret_listed[i];
    }
    if (!all && reading->listed)
        status = archive_files_find(reading->postgres, places, paths->count, ret_listed, error);
    free(places);
    return status;
}

/* Refuses an unlisted file of the speed layer. It comes from a writer that was fenced, from compaction, or from before
 * a restore of the database: listed files have its events, too. If no file of the hour is listed, the list itself was
 * lost, and the file is read. */
static int refuse_unlisted_own(const struct input *input, const char *path, struct error *error)
{
    if (input->own.count == 0 || !layout_is_own(path))
        return 0;
    error_set(error, ANT_FILE_UNLISTED,
              "\"%s\" was written by the speed layer and is not listed: its events would count twice", path);
    return error_hint(error, "move it away, or rename it when no listed file of the hour has its events");
}

/* Takes files that are not listed, or counts them. */
static int take_unlisted(struct reading *reading, struct input *input, struct error *error)
{
    const struct foreign_files *found = &reading->found;
    bool *listed = memory_new(found->paths.count, sizeof(*listed));
    int status = find_listed(reading, input, listed, error);

    for (size_t i = 0; i < found->paths.count && !status; i++) {
        /* A file that is gone was replaced by compaction while the list was read. */
        if (listed[i] || access(found->paths.names[i], F_OK))
            continue;
        input->unlisted++;
        if (!reading->all_files) {
            input->left_out++;
            if (!input->stray)
                input->stray = memory_text(found->paths.names[i], strlen(found->paths.names[i]));
            continue;
        }
        status = refuse_unlisted_own(input, found->paths.names[i], error);
        foreign_files_add(&input->foreign, found->paths.names[i], &found->files[i].folder);
    }
    free(listed);
    return status;
}

/*
 * Leaves out files of failed micro-batches of the Spark job, among those from `first` on: Spark's log does not have
 * them, and their rows are also in files of the next attempt. Our own files are in no such log. If the log has no file
 * of the hour at all, it may have been started later: then an operator must decide.
 */
static int leave_out_uncommitted(const char *storage_path, size_t first, struct input *input, struct error *error)
{
    struct foreign_files *files = &input->foreign;
    size_t count = files->paths.count, left = 0, known = 0;
    const struct file_names last = {files->paths.names + first, count - first};
    bool *wanted = memory_new(count + 1, sizeof(*wanted)), exists = false;
    int status = count > first ? spark_log_find(storage_path, &last, wanted + first, &exists, error) : 0;
    const char *path = NULL;

    for (size_t i = 0; i < count; i++) {
        known += wanted[i];
        wanted[i] = !exists || i < first || wanted[i] || layout_is_own(files->paths.names[i]);
        left += !wanted[i];
        path = wanted[i] ? path : files->paths.names[i];
    }
    if (!status && left && !known) {
        error_set(error, ANT_SPARK_LOG,
                  "Spark's log \"%s/_spark_metadata\" does not have \"%s\", nor another file of "
                  "the hour",
                  storage_path, path);
        status = error_hint(error, "move the files of failed micro-batches away; or rename the folder _spark_metadata "
                                   "where its log was begun after them, and every file is read");
    }
    if (!status && left) {
        log_line(LEVEL_WARNING,
                 "leaves out %zu files that Spark's log does not have, such as \"%s\": a micro-batch that "
                 "failed has left them",
                 left, path);
        foreign_files_keep(files, wanted);
        input->left_out += left;
    }
    free(wanted);
    return status;
}

/* An hour without files is allowed only if the archive exists, or is ours and still empty. Otherwise the path is wrong,
 * or the disk not mounted. */
static int check_empty(const struct reading *reading, struct error *error)
{
    bool is_new = false;

    if (reading->listed && !reading->all_files &&
        identity_is_new(reading->postgres, reading->rule->storage_path, &is_new, error))
        return -1;
    return is_new ? 0 : storage_require_years(reading->rule->storage_path, error);
}

/* The folder is read before the list. A file of ours is listed before it is published, so each one that was found is in
 * the list that is read after it. */
static int read_own(struct reading *reading, int64_t hour, struct input *input, struct error *error)
{
    static const struct foreign_rule own = {NULL, false};
    const struct input_rule *rule = reading->rule;

    if (list_folders(reading, rule->storage_path, reading->all_files ? &rule->foreign : &own, hour, &reading->found,
                     &input->left_out, error))
        return -1;
    input->unlisted = input->left_out;
    if (reading->listed &&
        (hours_files(reading->postgres, hour, &input->listed, error) ||
         find_listed_files(rule->storage_path, input, error) || check_rows(reading->reader, input, error)))
        return -1;
    if (take_unlisted(reading, input, error) || leave_out_uncommitted(rule->storage_path, 0, input, error))
        return -1;
    return input->own.count + input->foreign.paths.count ? 0 : check_empty(reading, error);
}

static int read_old(const struct reading *reading, int64_t hour, struct input *input, struct error *error)
{
    size_t before = input->foreign.paths.count, others = 0;

    if (list_folders(reading, reading->rule->old_storage_path, &reading->rule->foreign, hour, &input->foreign, &others,
                     error))
        return -1;
    for (size_t i = before; i < input->foreign.paths.count && reading->listed; i++)
        if (identity_refuse_unmarked(reading->rule->old_storage_path, input->foreign.paths.names[i], error))
            return -1;
    input->unlisted += input->foreign.paths.count - before + others;
    input->left_out += others;
    return leave_out_uncommitted(reading->rule->old_storage_path, before, input, error);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(disk_name_of(*(char *const *)left), disk_name_of(*(char *const *)right));
}

/* File names of all writers are unique, so two files of one name are copies: their rows would count twice. */
static int refuse_copies(const struct input *input, struct error *error)
{
    size_t count = input->own.count + input->foreign.paths.count;
    char **paths = memory_new(count, sizeof(*paths));
    int status = 0;

    for (size_t i = 0; i < count; i++)
        paths[i] = i < input->own.count ? input->own.names[i] : input->foreign.paths.names[i - input->own.count];
    if (input->foreign.paths.count)
        qsort(paths, count, sizeof(*paths), compare_names);
    for (size_t i = 1; i < count && input->foreign.paths.count && !status; i++)
        if (compare_names(&paths[i - 1], &paths[i]) == 0) {
            error_set(error, ANT_FILE_TWICE, "the hour has the file \"%s\" twice: \"%s\" and \"%s\"",
                      disk_name_of(paths[i]), paths[i - 1], paths[i]);
            status = error_hint(error, "move one of them away, or rename it when its rows are others");
        }
    free(paths);
    return status;
}

static int judge_rejects(const struct input_rule *rule, const struct foreign_rejects *rejects, struct error *error)
{
    if (!rule->stop_at_rejects || rejects->missing_field + rejects->out_of_range + rejects->without_bytes == 0)
        return 0;
    error_set(error, ANT_ROWS_INVALID,
              "the files that are not listed have rows that are not valid events: %" PRId64 " lack a field, %" PRId64
              " have one out of range, %" PRId64 " have no bytes",
              rejects->missing_field, rejects->out_of_range, rejects->without_bytes);
    return error_hint(error, "give --invalid-rows put-aside to go on without them");
}

int input_read(const struct input_rule *rule, struct postgres *postgres, bool listed, struct reader *reader,
               int64_t hour, struct input *input, struct error *error)
{
    struct reading reading = {rule, postgres, reader, listed, !listed || rule->all_files, {.hour = hour}};
    int status = rule->storage_path ? read_own(&reading, hour, input, error) : 0;

    foreign_files_release(&reading.found);
    if (status || (rule->old_storage_path && read_old(&reading, hour, input, error)) || refuse_copies(input, error))
        return -1;
    input->foreign.hour = hour;
    input->foreign.rule = rule->foreign;
    if (reader_inspect_foreign(reader, &input->foreign, &input->rejects, error))
        return -1;
    return judge_rejects(rule, &input->rejects, error);
}

/* Names the first file whose rows are not those that were archived. */
static int name_altered_file(const struct input *input, struct reader *reader, struct error *error)
{
    size_t next = 0;

    for (size_t i = 0; i < input->listed.count; i++) {
        const struct listed_file *file = &input->listed.list[i];
        struct file_content content;

        if (!is_read(file))
            continue;
        if (reader_inspect(reader, input->own.names[next], &content, error))
            return -1;
        if (content.bytes_total != file->bytes_total)
            return error_set(error, ANT_FILE_ALTERED,
                             "the rows of \"%s\" have %lld bytes instead of the %lld that are listed",
                             input->own.names[next], (long long)content.bytes_total, (long long)file->bytes_total);
        if (content.min_timestamp != file->min_timestamp || content.max_timestamp != file->max_timestamp)
            return error_set(error, ANT_FILE_ALTERED, "the rows of \"%s\" have other event times than listed",
                             input->own.names[next]);
        next++;
    }
    return error_set(error, ANT_FILE_ALTERED, "the hour's files do not have the %lld bytes that are listed",
                     (long long)input->listed_bytes);
}

int input_refuse_altered(const struct input *input, struct reader *reader, struct error *error)
{
    if (name_altered_file(input, reader, error) && !*error->hint)
        return error_hint(error, "put the file back from a backup");
    return -1;
}

int input_check_bytes(const struct input *input, struct reader *reader, int64_t bytes, struct error *error)
{
    return input->foreign.paths.count || bytes == input->listed_bytes ? 0 : input_refuse_altered(input, reader, error);
}

int input_check_noted(const struct input *input, struct postgres *postgres, int64_t hour, int64_t bytes,
                      struct error *error)
{
    int64_t unlisted = bytes - input->listed_bytes, noted_listed, noted_unlisted;
    char text[TIME_TEXT_SIZE];

    if (hours_noted(postgres, hour, &noted_listed, &noted_unlisted, error))
        return -1;
    if (input->listed_bytes >= noted_listed && unlisted >= noted_unlisted)
        return 0;
    error_set(error, ANT_TOTALS_LESS,
              "the last run of the hour %s read %lld bytes of listed files and %lld of others, and this one reads %lld "
              "and %lld",
              time_format(hour, text), (long long)noted_listed, (long long)noted_unlisted,
              (long long)input->listed_bytes, (long long)unlisted);
    return error_hint(error, "give the storage-path, --old-storage-path and --all-files of that run, or replace the "
                             "totals by less with --allow-less");
}

static bool any_left(const struct file_names *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (access(paths->names[i], F_OK))
            return true;
    return false;
}

bool input_has_moved(const struct input *input)
{
    return any_left(&input->own) || any_left(&input->foreign.paths);
}

void input_release(struct input *input)
{
    listed_files_release(&input->listed);
    file_names_release(&input->own);
    foreign_files_release(&input->foreign);
    free(input->stray);
}
