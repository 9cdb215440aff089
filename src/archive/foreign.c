#include "archive/foreign.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "record/record.h"

#define MICROSECONDS 1000000

/* The offsets of all time zones (IANA database). With --by-timestamp a folder may be named by any of them. */
#define OFFSET_MIN (-12 * SECONDS_PER_HOUR)
#define OFFSET_MAX (14 * SECONDS_PER_HOUR)

/* Minutes before and after an hour that are examined for the limits of its folder: when clocks are set back, a folder
 * covers two hours. */
#define MINUTES_AROUND 240

void foreign_folders_release(struct foreign_folders *folders)
{
    free(folders->list);
    *folders = (struct foreign_folders){0};
}

static int take_count(void *context, duckdb_data_chunk chunk, struct error *error)
{
    (void)error;
    *(int64_t *)context = database_number(chunk, 0, 0);
    return 0;
}

int foreign_check_rule(struct database *database, const struct foreign_rule *rule, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0};
    int64_t known = 0;

    if (!rule->time_zone)
        return 0;
    buffer_text(&sql, "SELECT count(*) FROM pg_timezone_names() WHERE name = ");
    database_quote(&sql, rule->time_zone);
    if (database_read(database, sql.data, types, take_count, &known, error))
        return -1;
    if (known)
        return 0;
    error_set(error, ANT_VALUE_INVALID, "invalid value for time-zone: \"%s\" is no time zone", rule->time_zone);
    return error_hint(error, "give a name of the IANA database, such as Europe/Madrid");
}

static void add_folder(struct foreign_folders *folders, int64_t hour, int64_t from, int64_t to)
{
    folders->list = memory_resize(folders->list, folders->count + 1, sizeof(*folders->list));
    folders->list[folders->count++] = (struct foreign_folder){hour, from, to};
}

static int take_folders(void *context, duckdb_data_chunk chunk, struct error *error)
{
    (void)error;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        add_folder(context, database_number(chunk, 0, row), database_number(chunk, 1, row),
                   database_number(chunk, 2, row));
    return 0;
}

/* Asks for each minute which folder local clocks name: offsets may be a part of an hour, and change at any minute. */
static int find_local_folders(struct database *database, const char *time_zone, int64_t hour,
                              struct foreign_folders *ret_folders, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0};

    buffer_printf(&sql,
                  "SELECT epoch_us(folder) // %d AS hour, min(second), max(second) + 60 FROM (SELECT second, "
                  "date_trunc('hour', to_timestamp(second) AT TIME ZONE ",
                  MICROSECONDS);
    database_quote(&sql, time_zone);
    buffer_printf(&sql,
                  ") AS folder FROM (SELECT %" PRId64 " + 60 * minute AS second FROM range(%d, %d) AS every (minute))) "
                  "GROUP BY folder HAVING bool_or(second >= %" PRId64 " AND second < %" PRId64 ") ORDER BY 1",
                  hour, -MINUTES_AROUND, MINUTES_AROUND + 60, hour, hour + SECONDS_PER_HOUR);
    return database_read(database, sql.data, types, take_folders, ret_folders, error);
}

int foreign_find_folders(struct database *database, const struct foreign_rule *rule, int64_t hour,
                         struct foreign_folders *ret_folders, struct error *error)
{
    if (rule->by_timestamp) {
        for (int64_t offset = OFFSET_MIN; offset <= OFFSET_MAX; offset += SECONDS_PER_HOUR) {
            int64_t folder = hour + offset;

            if (folder >= 0)
                add_folder(ret_folders, folder, folder - OFFSET_MAX, folder + SECONDS_PER_HOUR - OFFSET_MIN);
        }
        return 0;
    }
    if (rule->time_zone)
        return find_local_folders(database, rule->time_zone, hour, ret_folders, error);
    add_folder(ret_folders, hour, hour, hour + SECONDS_PER_HOUR);
    return 0;
}

void foreign_files_add(struct foreign_files *files, const char *path, const struct foreign_folder *folder)
{
    files->files = memory_resize(files->files, files->paths.count + 1, sizeof(*files->files));
    files->files[files->paths.count] = (struct foreign_file){.folder = *folder};
    file_names_add(&files->paths, path);
}

void foreign_files_keep(struct foreign_files *files, const bool *wanted)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->paths.count; i++) {
        if (!wanted[i]) {
            free(files->paths.names[i]);
            continue;
        }
        files->files[kept] = files->files[i];
        files->paths.names[kept++] = files->paths.names[i];
    }
    files->paths.count = kept;
}

void foreign_files_release(struct foreign_files *files)
{
    file_names_release(&files->paths);
    free(files->files);
    files->files = NULL;
}

/* The columns of the inspection of a file. */
enum inspection_column {
    INSPECTION_FILE,
    INSPECTION_FIRST,
    INSPECTION_LAST,
    INSPECTION_ROWS,
    INSPECTION_MISSING,
    INSPECTION_RANGE,
    INSPECTION_BYTES
};

struct inspection {
    struct foreign_files *files;
    struct foreign_rejects *rejects;
    bool *wanted; /* by file: it has rows of the hour */
    size_t next;  /* file that is expected */
};

static int refuse_times(const struct foreign_files *files, size_t index, int64_t first, int64_t last,
                        struct error *error)
{
    const struct foreign_folder *folder = &files->files[index].folder;
    char first_text[TIME_TEXT_SIZE], last_text[TIME_TEXT_SIZE], from_text[TIME_TEXT_SIZE], to_text[TIME_TEXT_SIZE];

    error_set(error, ANT_FILE_TIMES,
              "\"%s\" has timestamps from %s to %s; its folder is for those from %s to before %s",
              files->paths.names[index], time_format(first, first_text), time_format(last, last_text),
              time_format(folder->from, from_text), time_format(folder->to, to_text));
    if (files->rule.by_timestamp)
        return error_hint(error, "move the file to a folder that is at most a day off");
    return error_hint(error,
                      "give the zone of the folders by --time-zone, or count each row in the hour of its timestamp "
                      "by --by-timestamp");
}

static int take_inspection(struct inspection *inspection, duckdb_data_chunk chunk, idx_t row, struct error *error)
{
    struct foreign_files *files = inspection->files;
    size_t index = file_names_find(&files->paths, database_text(chunk, INSPECTION_FILE, row), inspection->next);
    const struct foreign_folder *folder;

    if (index == files->paths.count)
        return error_set(error, ANT_DUCKDB_ANSWER, "DuckDB names a file that is not read");
    inspection->next = index + 1;
    folder = &files->files[index].folder;
    inspection->wanted[index] = database_number(chunk, INSPECTION_ROWS, row) > 0;
    inspection->rejects->missing_field += database_number(chunk, INSPECTION_MISSING, row);
    inspection->rejects->out_of_range += database_number(chunk, INSPECTION_RANGE, row);
    inspection->rejects->without_bytes += database_number(chunk, INSPECTION_BYTES, row);
    if (!database_is_null(chunk, INSPECTION_FIRST, row)) {
        int64_t first = database_number(chunk, INSPECTION_FIRST, row),
                last = database_number(chunk, INSPECTION_LAST, row);

        if (first < folder->from || last >= folder->to)
            return refuse_times(files, index, first, last, error);
    }
    return 0;
}

static int take_inspections(void *context, duckdb_data_chunk chunk, struct error *error)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        if (take_inspection(context, chunk, row, error))
            return -1;
    return 0;
}

/* By the rules of the decoder (record.h): what a row lacks ... */
static void append_missing_rule(struct buffer *sql)
{
    buffer_text(sql, "(time IS NULL");
    for (enum text text = 0; text < TEXTS; text++)
        if (text_field(text)->required)
            buffer_printf(sql, " OR %s IS NULL", text_field(text)->name);
    buffer_text(sql, ")");
}

/* ... and what is out of range in it. */
static void append_range_rule(struct buffer *sql)
{
    buffer_text(sql, "coalesce(bytes < 0 OR bytes > 9223372036854775807");
    for (enum text text = 0; text < TEXTS; text++) {
        const char *name = text_field(text)->name;

        if (text_field(text)->required)
            buffer_printf(sql, " OR strlen(%s) NOT BETWEEN 1 AND %d OR contains(%s, chr(0))", name,
                          RECORD_TEXT_SIZE_MAX, name);
    }
    buffer_text(sql, ", false)");
}

static void append_shaped(struct buffer *sql, const struct foreign_files *files, unsigned wanted)
{
    struct shape *shapes = memory_new(files->paths.count, sizeof(*shapes));

    for (size_t i = 0; i < files->paths.count; i++)
        shapes[i] = files->files[i].shape;
    shapes_append(sql, &files->paths, shapes, files->rule.time_zone, wanted);
    free(shapes);
}

static void append_hour(struct buffer *sql, int64_t hour)
{
    buffer_printf(sql, "time >= %" PRId64 " AND time < %" PRId64, hour * MICROSECONDS,
                  (hour + SECONDS_PER_HOUR) * MICROSECONDS);
}

static int inspect_rows(struct database *database, struct inspection *inspection, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_BIGINT,  DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_BIGINT,  DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0};

    buffer_printf(
        &sql,
        "SELECT file, min(time) // %d, max(time) // %d, count(*) FILTER (ours), "
        "count(*) FILTER (missing AND (ours OR time IS NULL)), count(*) FILTER (ours AND bad AND NOT missing), "
        "count(*) FILTER (ours AND bytes IS NULL AND NOT bad AND NOT missing) FROM (SELECT file, time, bytes, "
        "coalesce(",
        MICROSECONDS, MICROSECONDS);
    append_hour(&sql, inspection->files->hour);
    buffer_text(&sql, ", false) AS ours, ");
    append_missing_rule(&sql);
    buffer_text(&sql, " AS missing, ");
    append_range_rule(&sql);
    buffer_text(&sql, " AS bad FROM (");
    append_shaped(&sql, inspection->files, SHAPE_WITH_TIME | SHAPE_WITH_FILE);
    buffer_text(&sql, ")) GROUP BY file");
    return database_read(database, sql.data, types, take_inspections, inspection, error);
}

/* A local time that occurs twice, when clocks are set back, belongs to one of two hours: the file does not show which.
 */
static int check_local_times(const struct foreign_files *files, struct error *error)
{
    for (size_t i = 0; i < files->paths.count; i++) {
        const struct foreign_folder *folder = &files->files[i].folder;

        if (!shape_has_local_time(&files->files[i].shape))
            continue;
        if (!files->rule.time_zone) {
            error_set(error, ANT_FILE_TIME_ZONE, "\"%s\": the timestamps have no time zone", files->paths.names[i]);
            return error_hint(error, "give theirs by --time-zone, which may be UTC");
        }
        if (!files->rule.by_timestamp && folder->to - folder->from <= SECONDS_PER_HOUR)
            continue;
        error_set(error, ANT_FILE_TIME_ZONE,
                  "\"%s\": the timestamps have no time zone, and clocks in %s show this hour twice",
                  files->paths.names[i], files->rule.time_zone);
        return error_hint(error, "write the file again with timestamps in UTC");
    }
    return 0;
}

int foreign_inspect(struct database *database, struct foreign_files *files, struct foreign_rejects *ret_rejects,
                    struct error *error)
{
    struct shape *shapes = memory_new(files->paths.count, sizeof(*shapes));
    struct inspection inspection = {files, ret_rejects, memory_new(files->paths.count, sizeof(bool)), 0};
    int status = shapes_read(database, &files->paths, shapes, error);

    *ret_rejects = (struct foreign_rejects){0};
    for (size_t i = 0; i < files->paths.count && !status; i++)
        files->files[i].shape = shapes[i];
    if (!status && files->paths.count)
        status = check_local_times(files, error) || inspect_rows(database, &inspection, error) ? -1 : 0;
    if (!status)
        foreign_files_keep(files, inspection.wanted);
    free(inspection.wanted);
    free(shapes);
    return status;
}

void foreign_append(struct buffer *sql, const struct foreign_files *files, unsigned wanted)
{
    buffer_printf(sql, "SELECT *%s FROM (", wanted & SHAPE_WITH_TIME ? "" : " EXCLUDE (time)");
    append_shaped(sql, files, wanted | SHAPE_WITH_TIME);
    buffer_text(sql, ") WHERE ");
    append_hour(sql, files->hour);
    buffer_text(sql, " AND NOT ");
    append_missing_rule(sql);
    buffer_text(sql, " AND NOT ");
    append_range_rule(sql);
}
