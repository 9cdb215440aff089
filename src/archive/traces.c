#include "archive/traces.h"

#include <string.h>

#include "archive/database.h"
#include "base/memory.h"

enum trace_column { TRACE_FILE, TRACE_ROWS };

struct counting {
    const struct file_names *paths;
    int64_t *rows;
};

static int take_counts(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct counting *counting = context;

    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
        struct slice file = database_text(chunk, TRACE_FILE, row);
        size_t index = file_names_find(counting->paths, file, 0);

        if (index == counting->paths->count)
            return error_set(error, ANT_DUCKDB_ANSWER, "DuckDB names the file \"%.*s\", which is not read",
                             (int)file.size, file.data);
        counting->rows[index] = database_number(chunk, TRACE_ROWS, row);
    }
    return 0;
}

static int count(struct reader *reader, const struct file_names *paths, const char *id, int64_t *ret_rows,
                 struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_INVALID};
    cleanup(memory_free) struct shape *shapes = memory_new(paths->count, sizeof(*shapes));
    cleanup(buffer_release) struct buffer sql = {0};
    struct counting counting = {paths, ret_rows};

    if (shapes_read(reader_database(reader), paths, shapes, error))
        return -1;
    buffer_text(&sql, "SELECT file, count(*) FROM (");
    shapes_append(&sql, paths, shapes, NULL, SHAPE_WITH_FILE);
    buffer_printf(&sql, ") WHERE %s = ", record_fields[FIELD_USER].name);
    database_quote(&sql, id);
    buffer_text(&sql, " GROUP BY file");
    return database_read(reader_database(reader), sql.data, types, take_counts, &counting, error);
}

int traces_count(struct reader *reader, const struct file_names *paths, const char *id, int64_t *ret_rows,
                 struct error *error)
{
    if (paths->count == 0 || count(reader, paths, id, ret_rows, error) == 0)
        return 0;
    /* DuckDB does not always say in which file it failed: the first that fails alone is the one. */
    for (size_t i = 0; i < paths->count && !database_is_short(error) && !strstr(error->message, paths->names[i]); i++) {
        const struct file_names one = {&paths->names[i], 1};
        struct error reason;

        if (count(reader, &one, id, &ret_rows[i], &reason) == 0)
            continue;
        *error = reason;
        return strstr(error->message, one.names[0]) ? -1 : error_context(error, "\"%s\"", one.names[0]);
    }
    return -1;
}
