#include "archive/reader.h"

#include <stdlib.h>
#include <string.h>

#include "archive/database.h"
#include "base/buffer.h"
#include "base/memory.h"

/* Columns of a total as the query gives them. */
enum total_column { TOTAL_DIMENSION, TOTAL_NAME, TOTAL_EVENTS, TOTAL_BYTES };

static void append_paths(struct buffer *sql, const struct file_names *paths)
{
    buffer_text(sql, "[");
    for (size_t i = 0; i < paths->count; i++) {
        buffer_text(sql, i ? ", '" : "'");
        for (const char *byte = paths->names[i]; *byte; byte++)
            buffer_append(sql, *byte == '\'' ? "''" : byte, *byte == '\'' ? 2 : 1);
        buffer_text(sql, "'");
    }
    buffer_text(sql, "]");
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
};

static int take_counts(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct counting *counting = context;

    (void)error;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        for (size_t i = 0; i < counting->paths->count; i++)
            if (slice_equal(text_at(chunk, 0, row), slice_of(counting->paths->names[i])))
                counting->rows[i] = ((int64_t *)column(chunk, 1))[row];
    return 0;
}

int reader_count_rows(const struct file_names *paths, int64_t *ret_rows, struct error *error)
{
    cleanup(database_release) struct database database = {0};
    cleanup(buffer_release) struct buffer sql = {0};
    struct counting counting = {paths, ret_rows};

    if (database_open(&database, error))
        return -1;
    buffer_text(&sql, "SELECT file_name, num_rows::BIGINT FROM parquet_file_metadata(");
    append_paths(&sql, paths);
    buffer_text(&sql, ")");
    return take_chunks(&database, sql.data, take_counts, &counting, error);
}

struct summing {
    hour_total_function take;
    void *context;
};

static int take_total(const struct summing *summing, duckdb_data_chunk chunk, idx_t row, struct error *error)
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
    return summing->take(summing->context, &total, error);
}

static int take_totals(void *context, duckdb_data_chunk chunk, struct error *error)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        if (take_total(context, chunk, row, error))
            return -1;
    return 0;
}

int reader_sum(const struct file_names *paths, hour_total_function take, void *context, struct error *error)
{
    cleanup(database_release) struct database database = {0};
    cleanup(buffer_release) struct buffer sql = {0};
    struct summing summing = {take, context};

    if (database_open(&database, error))
        return -1;
    /* GROUPING() sets the bit of each column that the row does not group by, the last column's being 1. */
    buffer_printf(&sql,
                  "SELECT CASE GROUPING(antenna_id, app, id) WHEN 3 THEN %d WHEN 5 THEN %d ELSE %d END AS dimension, "
                  "CASE GROUPING(antenna_id, app, id) WHEN 3 THEN antenna_id WHEN 5 THEN app ELSE id END AS name, "
                  "count(*) AS events, sum(bytes)::HUGEINT AS bytes FROM read_parquet(",
                  DIMENSION_ANTENNA, DIMENSION_APP, DIMENSION_USER);
    append_paths(&sql, paths);
    buffer_text(&sql, ", hive_partitioning = false) GROUP BY GROUPING SETS ((antenna_id), (app), (id)) ORDER BY 1, 2");
    return take_chunks(&database, sql.data, take_totals, &summing, error);
}
