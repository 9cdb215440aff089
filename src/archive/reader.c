#include "archive/reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/database.h"
#include "archive/grouping.h"
#include "archive/spill.h"
#include "base/buffer.h"
#include "base/memory.h"

/* Columns of a total as the query gives them. */
enum total_column { COLUMN_KIND, COLUMN_ID, COLUMN_EVENTS, COLUMN_VALUE, COLUMN_WINDOW };

struct reader {
    struct database database;
    struct spill spill;
    int64_t memory_limit;
};

struct database_limits reader_limits(const struct reader *reader)
{
    return (struct database_limits){reader->memory_limit, reader->spill.path};
}

/* DuckDB gets a thread for each processor, but with --memory-limit only as many as have this much memory each: below it
 * DuckDB fails instead of spilling. */
#define THREAD_MEMORY (256LL * 1024 * 1024)

static int count_threads(int64_t memory_limit)
{
    long threads = sysconf(_SC_NPROCESSORS_ONLN);

    if (memory_limit && threads > memory_limit / THREAD_MEMORY)
        threads = (long)(memory_limit / THREAD_MEMORY);
    return threads > 0 ? (int)threads : 1;
}

int reader_open(const struct reader_settings *settings, struct reader **ret_reader, struct error *error)
{
    struct reader *reader = memory_new(1, sizeof(*reader));
    struct database_limits limits;
    int status = spill_open(settings->storage_path, &reader->spill, error);

    reader->memory_limit = settings->memory_limit;
    limits = reader_limits(reader);
    if (!status)
        status = database_open(count_threads(settings->memory_limit), &limits, &reader->database, error);
    if (status) {
        reader_close(reader);
        return -1;
    }
    *ret_reader = reader;
    return 0;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    database_release(&reader->database);
    spill_close(&reader->spill);
    free(reader);
}

void reader_cleanup(struct reader **reader)
{
    reader_close(*reader);
    *reader = NULL;
}

struct database *reader_database(struct reader *reader)
{
    return &reader->database;
}

struct counting {
    const struct file_names *paths;
    int64_t *rows;
    size_t next; /* path that is expected: the answer mostly has their order */
};

static int take_counts(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct counting *counting = context;

    (void)error;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
        size_t index = file_names_find(counting->paths, database_text(chunk, 0, row), counting->next);

        if (index == counting->paths->count)
            continue;
        counting->rows[index] = database_number(chunk, 1, row);
        counting->next = index + 1;
    }
    return 0;
}

int reader_count_rows(struct reader *reader, const struct file_names *paths, int64_t *ret_rows, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0};
    struct counting counting = {paths, ret_rows, 0};

    buffer_text(&sql, "SELECT file_name, num_rows::BIGINT FROM parquet_file_metadata(");
    database_quote_all(&sql, paths);
    buffer_text(&sql, ")");
    return database_read(&reader->database, sql.data, types, take_counts, &counting, error);
}

/* Adds the path to an error if DuckDB's message does not have it. */
static int name_file(const char *path, struct error *error)
{
    return database_is_short(error) || strstr(error->message, path) ? -1 : error_context(error, "\"%s\"", path);
}

static int take_content(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct file_content *content = context;
    const duckdb_hugeint *bytes = database_value(chunk, 1, 0, sizeof(*bytes));

    if (bytes->upper != 0 || bytes->lower > INT64_MAX)
        return error_set(error, ANT_FILE_ALTERED, "the sum of its bytes is none that the speed layer writes");
    content->rows = database_number(chunk, 0, 0);
    content->bytes_total = (int64_t)bytes->lower;
    content->min_timestamp = database_number(chunk, 2, 0);
    content->max_timestamp = database_number(chunk, 3, 0);
    return 0;
}

int reader_inspect(struct reader *reader, const char *path, struct file_content *ret_content, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_HUGEINT, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0};
    char *name = (char *)(uintptr_t)path;
    const struct file_names one = {&name, 1};
    struct shape shape;

    if (shapes_read(&reader->database, &one, &shape, error))
        return name_file(path, error);
    buffer_text(&sql, "SELECT count(*), coalesce(sum(bytes), 0)::HUGEINT, coalesce(min(time) // 1000000, 0)::BIGINT, "
                      "coalesce(max(time) // 1000000, 0)::BIGINT FROM (");
    shapes_append(&sql, &one, &shape, NULL, SHAPE_WITH_TIME);
    buffer_text(&sql, ")");
    return database_read(&reader->database, sql.data, types, take_content, ret_content, error) ? name_file(path, error)
                                                                                               : 0;
}

struct summing {
    total_kind_set kinds;
    int64_t window; /* seconds; 0: the hour is one */
    hour_total_function take;
    void *context;
    bool refused; /* by `take`: it is no file's fault */
};

static int take_total(struct summing *summing, duckdb_data_chunk chunk, idx_t row, struct error *error)
{
    enum total_kind kind = *(enum total_kind *)database_value(chunk, COLUMN_KIND, row, sizeof(int32_t));
    duckdb_hugeint value = *(duckdb_hugeint *)database_value(chunk, COLUMN_VALUE, row, sizeof(value));
    struct hour_total total = {.kind = kind,
                               .window = database_number(chunk, COLUMN_WINDOW, row),
                               .events = database_number(chunk, COLUMN_EVENTS, row)};
    const char *label = total_kinds[kind].label;

    if (database_is_null(chunk, COLUMN_ID, row))
        return error_set(error, ANT_ARCHIVE_UNREADABLE,
                         "the archive has %lld events that cannot be counted for %s: it is NULL",
                         (long long)total.events, label);
    if (database_is_null(chunk, COLUMN_WINDOW, row))
        return error_set(error, ANT_ARCHIVE_UNREADABLE, "the archive has %lld events without a time",
                         (long long)total.events);
    total.id = database_text(chunk, COLUMN_ID, row);
    if (value.upper < 0)
        return error_set(error, ANT_ARCHIVE_UNREADABLE, "the sum of %s \"%.*s\" is negative", label, (int)total.id.size,
                         total.id.data);
    if (value.upper != 0 || value.lower > INT64_MAX)
        return error_set(error, ANT_SUM_TOO_LARGE, "the sum of %s \"%.*s\" exceeds what BIGINT holds", label,
                         (int)total.id.size, total.id.data);
    total.value = (int64_t)value.lower;
    summing->refused = summing->take(summing->context, &total, error) != 0;
    return summing->refused ? -1 : 0;
}

static int take_totals(void *context, duckdb_data_chunk chunk, struct error *error)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        if (take_total(context, chunk, row, error))
            return -1;
    return 0;
}

static int sum_files(struct reader *reader, const struct reader_files *files, const struct shape *shapes,
                     struct summing *summing, struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_HUGEINT, DUCKDB_TYPE_BIGINT,  DUCKDB_TYPE_INVALID};
    cleanup(buffer_release) struct buffer sql = {0}, rows = {0};
    bool any_foreign = files->foreign && files->foreign->paths.count;
    unsigned wanted = summing->window ? SHAPE_WITH_TIME : 0;

    shapes_append(&rows, files->own, shapes, NULL, wanted);
    if (any_foreign) {
        buffer_text(&rows, files->own->count ? " UNION ALL " : "");
        foreign_append(&rows, files->foreign, wanted);
    }
    grouping_append(&sql, summing->kinds, summing->window, rows.data);
    return database_read(&reader->database, sql.data, types, take_totals, summing, error);
}

static int ignore_total(void *context, const struct hour_total *total, struct error *error)
{
    (void)context, (void)total, (void)error;
    return 0;
}

/* After a query of many files failed without naming one: reads each file alone. The first that fails is the cause. */
static int find_failing(struct reader *reader, const struct file_names *paths, struct error *error)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct summing ignoring = {.kinds = total_kinds_standard(), .take = ignore_total};
        const struct file_names one = {&paths->names[i], 1};
        const struct reader_files files = {&one, NULL};
        struct shape shape;
        struct error reason;

        if (shapes_read(&reader->database, &one, &shape, &reason) == 0 &&
            sum_files(reader, &files, &shape, &ignoring, &reason) == 0)
            continue;
        *error = reason;
        return name_file(paths->names[i], error);
    }
    return -1;
}

int reader_inspect_foreign(struct reader *reader, struct foreign_files *files, struct foreign_rejects *ret_rejects,
                           struct error *error)
{
    if (foreign_inspect(&reader->database, files, ret_rejects, error) == 0)
        return 0;
    if (database_is_short(error))
        return -1;
    for (size_t i = 0; i < files->paths.count; i++)
        if (strstr(error->message, files->paths.names[i]))
            return -1;
    return find_failing(reader, &files->paths, error);
}

static int sum(struct reader *reader, const struct reader_files *files, struct summing *summing, struct error *error)
{
    struct shape *shapes = memory_new(files->own->count, sizeof(*shapes));
    int status = shapes_read(&reader->database, files->own, shapes, error);

    if (!status)
        status = sum_files(reader, files, shapes, summing, error);
    free(shapes);
    if (!status || summing->refused || database_is_short(error))
        return status;
    find_failing(reader, files->own, error);
    return -1;
}

int reader_sum(struct reader *reader, const struct reader_files *files, total_kind_set kinds, hour_total_function take,
               void *context, struct error *error)
{
    struct summing summing = {.kinds = kinds, .take = take, .context = context};

    return sum(reader, files, &summing, error);
}

int reader_sum_windows(struct reader *reader, const struct reader_files *files, total_kind_set kinds, int64_t window,
                       hour_total_function take, void *context, struct error *error)
{
    struct summing summing = {.kinds = kinds, .window = window, .take = take, .context = context};

    return sum(reader, files, &summing, error);
}
