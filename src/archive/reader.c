#include "archive/reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/database.h"
#include "base/buffer.h"
#include "base/memory.h"

/* Columns of a total as the query gives them. */
enum total_column { TOTAL_DIMENSION, TOTAL_NAME, TOTAL_EVENTS, TOTAL_BYTES };

struct reader {
    struct database database;
};

int reader_open(struct reader **ret_reader, struct error *error)
{
    struct reader *reader = memory_new(1, sizeof(*reader));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (database_open(processors > 0 ? (int)processors : 1, &reader->database, error)) {
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
    free(reader);
}

void reader_cleanup(struct reader **reader)
{
    reader_close(*reader);
    *reader = NULL;
}

/* Gives every chunk of the result to `take_chunk`. */
static int take_chunks(struct database *database, const char *sql,
                       int (*take_chunk)(void *context, duckdb_data_chunk chunk, struct error *error), void *context,
                       struct error *error)
{
    duckdb_result result;
    duckdb_data_chunk chunk;
    int status = 0;

    if (database_run(database, sql, &result, error)) {
        /* What DuckDB cannot make sense of is not the archive that it should be. */
        if (error->kind == ERROR_FAILED)
            error->kind = ERROR_MISTAKE;
        return error_context(error, "could not read the archive");
    }
    while (!status && (chunk = duckdb_fetch_chunk(result))) {
        status = take_chunk(context, chunk, error);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return status;
}

static void *column(duckdb_data_chunk chunk, idx_t index)
{
    return duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, index));
}

static struct slice text_at(duckdb_data_chunk chunk, idx_t index, idx_t row)
{
    duckdb_string_t *text = (duckdb_string_t *)column(chunk, index) + row;

    return (struct slice){duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

struct counting {
    const struct file_names *paths;
    int64_t *rows;
    size_t next; /* path that is expected: the answer mostly has their order */
};

static void take_count(struct counting *counting, struct slice name, int64_t rows)
{
    const struct file_names *paths = counting->paths;

    for (size_t i = 0; i < paths->count; i++) {
        size_t index = (counting->next + i) % paths->count;

        if (!slice_equal(name, slice_of(paths->names[index])))
            continue;
        counting->rows[index] = rows;
        counting->next = index + 1;
        return;
    }
}

static int take_counts(void *context, duckdb_data_chunk chunk, struct error *error)
{
    (void)error;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        take_count(context, text_at(chunk, 0, row), ((int64_t *)column(chunk, 1))[row]);
    return 0;
}

int reader_count_rows(struct reader *reader, const struct file_names *paths, int64_t *ret_rows, struct error *error)
{
    cleanup(buffer_release) struct buffer sql = {0};
    struct counting counting = {paths, ret_rows, 0};

    buffer_text(&sql, "SELECT file_name, num_rows::BIGINT FROM parquet_file_metadata(");
    database_quote_all(&sql, paths);
    buffer_text(&sql, ")");
    return take_chunks(&reader->database, sql.data, take_counts, &counting, error);
}

static int take_content(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct file_content *content = context;
    const duckdb_hugeint *bytes = column(chunk, 1);

    if (bytes->upper != 0 || bytes->lower > INT64_MAX)
        return error_set(error, ERROR_MISTAKE, "the sum of its bytes is none that the speed layer writes");
    content->rows = *(int64_t *)column(chunk, 0);
    content->bytes_total = (int64_t)bytes->lower;
    content->min_timestamp = *(int64_t *)column(chunk, 2);
    content->max_timestamp = *(int64_t *)column(chunk, 3);
    return 0;
}

int reader_inspect(struct reader *reader, const char *path, struct file_content *ret_content, struct error *error)
{
    cleanup(buffer_release) struct buffer sql = {0};

    buffer_text(&sql,
                "SELECT count(*), coalesce(sum(bytes), 0)::HUGEINT, coalesce(epoch_us(min(timestamp)) // 1000000, 0), "
                "coalesce(epoch_us(max(timestamp)) // 1000000, 0) FROM read_parquet(");
    database_quote_path(&sql, path);
    buffer_text(&sql, ", hive_partitioning = false)");
    if (take_chunks(&reader->database, sql.data, take_content, ret_content, error))
        return error_context(error, "\"%s\"", path);
    return 0;
}

struct summing {
    hour_total_function take;
    void *context;
    bool refused; /* by `take`: it is no file's fault */
};

static int take_total(struct summing *summing, duckdb_data_chunk chunk, idx_t row, struct error *error)
{
    enum dimension dimension = (enum dimension)((int32_t *)column(chunk, TOTAL_DIMENSION))[row];
    uint64_t *names_valid = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(chunk, TOTAL_NAME));
    duckdb_hugeint bytes = ((duckdb_hugeint *)column(chunk, TOTAL_BYTES))[row];
    struct hour_total total = {.dimension = dimension, .events = ((int64_t *)column(chunk, TOTAL_EVENTS))[row]};

    if (names_valid && !duckdb_validity_row_is_valid(names_valid, row))
        return error_set(error, ERROR_MISTAKE, "the archive has %lld events that cannot be counted for %s: it is NULL",
                         (long long)total.events, dimension_labels[dimension]);
    total.name = text_at(chunk, TOTAL_NAME, row);
    if (bytes.upper != 0 || bytes.lower > INT64_MAX)
        return error_set(error, ERROR_MISTAKE, "the sum of %s \"%.*s\" exceeds what BIGINT holds",
                         dimension_labels[dimension], (int)total.name.size, total.name.data);
    total.bytes = (int64_t)bytes.lower;
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

static int sum_files(struct reader *reader, const struct file_names *paths, struct summing *summing,
                     struct error *error)
{
    cleanup(buffer_release) struct buffer sql = {0};

    /* GROUPING() sets the bit of each column that the row does not group by, the last column's being 1. */
    buffer_printf(&sql,
                  "SELECT CASE GROUPING(antenna_id, app, id) WHEN 3 THEN %d WHEN 5 THEN %d ELSE %d END AS dimension, "
                  "CASE GROUPING(antenna_id, app, id) WHEN 3 THEN antenna_id WHEN 5 THEN app ELSE id END AS name, "
                  "count(*) AS events, coalesce(sum(bytes), 0)::HUGEINT AS bytes FROM read_parquet(",
                  DIMENSION_ANTENNA, DIMENSION_APP, DIMENSION_USER);
    database_quote_all(&sql, paths);
    buffer_text(&sql, ", hive_partitioning = false) GROUP BY GROUPING SETS ((antenna_id), (app), (id)) ORDER BY 1, 2");
    return take_chunks(&reader->database, sql.data, take_totals, summing, error);
}

static int ignore_total(void *context, const struct hour_total *total, struct error *error)
{
    (void)context, (void)total, (void)error;
    return 0;
}

/* DuckDB does not always say in which file it failed: the first that fails alone is the one. */
static int name_file(struct reader *reader, const struct file_names *paths, struct error *error)
{
    struct summing ignoring = {.take = ignore_total};

    for (size_t i = 0; i < paths->count; i++) {
        struct file_names one = {&paths->names[i], 1};
        struct error reason;

        if (sum_files(reader, &one, &ignoring, &reason) == 0)
            continue;
        *error = reason;
        return error_context(error, "\"%s\"", paths->names[i]);
    }
    return -1;
}

int reader_sum(struct reader *reader, const struct file_names *paths, hour_total_function take, void *context,
               struct error *error)
{
    struct summing summing = {.take = take, .context = context};

    if (sum_files(reader, paths, &summing, error) == 0)
        return 0;
    return summing.refused ? -1 : name_file(reader, paths, error);
}
