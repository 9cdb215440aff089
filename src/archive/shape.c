#include "archive/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Columns of the query of footers. */
enum footer_column { FOOTER_FILE, FOOTER_NAME, FOOTER_STORED, FOOTER_TYPE, FOOTER_CHILDREN, FOOTER_REPEATED };

static const duckdb_type footer_types[] = {DUCKDB_TYPE_VARCHAR,
                                           DUCKDB_TYPE_VARCHAR,
                                           DUCKDB_TYPE_VARCHAR,
                                           DUCKDB_TYPE_VARCHAR,
                                           DUCKDB_TYPE_BIGINT,
                                           DUCKDB_TYPE_BOOLEAN,
                                           0};

enum role { ROLE_TIME, ROLE_LOCAL_TIME, ROLE_TEXT, ROLE_NUMBER };

/* The types that are read: as DuckDB and as Parquet calls them, for which columns, and by which SQL. */
static const struct type {
    const char *name, *stored;
    enum role role;
    const char *before, *after; /* the column */
} types[] = {
    {NULL, NULL, ROLE_TEXT, NULL, NULL}, /* none */
    {"TIMESTAMP WITH TIME ZONE", "INT64", ROLE_TIME, "epoch_us(", ")"},
    {"TIMESTAMP", "INT96", ROLE_TIME, "epoch_us(", ")"}, /* UTC, as Spark, Hive and Impala write it */
    {"TIMESTAMP", "INT64", ROLE_LOCAL_TIME, "epoch_us(", ""},
    {"TIMESTAMP_NS", "INT64", ROLE_LOCAL_TIME, "epoch_us(", "::TIMESTAMP"},
    {"VARCHAR", "BYTE_ARRAY", ROLE_TEXT, "", ""},
    {"BLOB", "BYTE_ARRAY", ROLE_TEXT, "decode(", ")"}, /* a text that its writer did not call one */
    {"UUID", "FIXED_LEN_BYTE_ARRAY", ROLE_TEXT, "", "::VARCHAR"},
    {"BIGINT", "INT64", ROLE_NUMBER, "", ""},
    {"UBIGINT", "INT64", ROLE_NUMBER, "", "::HUGEINT"},
    {"INTEGER", "INT32", ROLE_NUMBER, "", "::BIGINT"},
    {"UINTEGER", "INT32", ROLE_NUMBER, "", "::BIGINT"},
    {"SMALLINT", "INT32", ROLE_NUMBER, "", "::BIGINT"},
    {"USMALLINT", "INT32", ROLE_NUMBER, "", "::BIGINT"},
    {"TINYINT", "INT32", ROLE_NUMBER, "", "::BIGINT"},
    {"UTINYINT", "INT32", ROLE_NUMBER, "", "::BIGINT"},
};

static const struct column {
    const char *name, *alias;
    enum role role;
    const char *wanted;
} columns[SHAPE_COLUMNS] = {
    [SHAPE_TIMESTAMP] = {"timestamp", "time", ROLE_TIME, "a timestamp"},
    [SHAPE_ID] = {"id", "id", ROLE_TEXT, "a string"},
    [SHAPE_ANTENNA_ID] = {"antenna_id", "antenna_id", ROLE_TEXT, "a string"},
    [SHAPE_BYTES] = {"bytes", "bytes", ROLE_NUMBER, "a whole number"},
    [SHAPE_APP] = {"app", "app", ROLE_TEXT, "a string"},
};

/* The files that are read, and where the walk through the fields of their footers is. */
struct reading {
    const struct file_names *paths;
    struct shape *shapes;
    size_t file;   /* of the field before */
    int64_t left;  /* fields of its first level that are still to come */
    int64_t below; /* fields that are still to come of a column with fields of its own */
};

static bool column_takes(const struct column *column, const struct type *type)
{
    return type->name && (type->role == column->role || (column->role == ROLE_TIME && type->role == ROLE_LOCAL_TIME));
}

static int refuse_column(const char *path, const char *name, const char *reason, struct error *error)
{
    error_set(error, ERROR_MISTAKE, "\"%s\": the column \"%s\" %s", path, name, reason);
    return error_hint(error,
                      "write the file again with the columns timestamp, id, antenna_id, bytes and app as the page "
                      "of data says, or move it away");
}

/* A field of the first level. An empty type is that of a field with others below it. */
static int take_column(struct shape *shape, const char *path, struct slice name, struct slice stored, struct slice type,
                       bool repeated, struct error *error)
{
    for (size_t i = 0; i < SHAPE_COLUMNS; i++) {
        const struct column *column = &columns[i];
        char reason[200];

        if (strlen(column->name) != name.size || strncasecmp(column->name, name.data, name.size) != 0)
            continue;
        if (shape->types[i])
            return refuse_column(path, column->name, "is there twice", error);
        for (unsigned char t = 1; t < sizeof(types) / sizeof(*types) && !repeated && !shape->types[i]; t++)
            if (column_takes(column, &types[t]) && slice_equal(type, slice_of(types[t].name)) &&
                slice_equal(stored, slice_of(types[t].stored)))
                shape->types[i] = t;
        if (shape->types[i])
            return 0;
        if (type.size == 0)
            type = slice_of("LIST, STRUCT or MAP");
        snprintf(reason, sizeof(reason), "has the type %.*s%s, not %s", (int)type.size, type.data,
                 repeated ? " (repeated)" : "", column->wanted);
        return refuse_column(path, column->name, reason, error);
    }
    return 0;
}

/* Fields come file by file, each before those below it; the first of a file is the file itself. */
static int take_field(struct reading *reading, duckdb_data_chunk chunk, idx_t row, struct error *error)
{
    struct slice file = database_text(chunk, FOOTER_FILE, row);
    int64_t children = database_number(chunk, FOOTER_CHILDREN, row);
    size_t found = reading->file;

    if (reading->left == 0 && reading->below == 0) {
        reading->file = file_names_find(reading->paths, file, found + 1);
        reading->left = children;
        if (reading->file == reading->paths->count)
            return error_set(error, ERROR_FAILED, "DuckDB names the file \"%.*s\", which is not read", (int)file.size,
                             file.data);
        return 0;
    }
    if (reading->below) {
        reading->below += children - 1;
        return 0;
    }
    reading->left--;
    reading->below = children;
    return take_column(&reading->shapes[found], reading->paths->names[found], database_text(chunk, FOOTER_NAME, row),
                       database_text(chunk, FOOTER_STORED, row), database_text(chunk, FOOTER_TYPE, row),
                       *(bool *)database_value(chunk, FOOTER_REPEATED, row, sizeof(bool)), error);
}

static int take_fields(void *context, duckdb_data_chunk chunk, struct error *error)
{
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        if (take_field(context, chunk, row, error))
            return -1;
    return 0;
}

static int check_complete(const struct file_names *paths, const struct shape *shapes, struct error *error)
{
    for (size_t i = 0; i < paths->count; i++)
        for (size_t c = 0; c < SHAPE_COLUMNS; c++)
            if (!shapes[i].types[c])
                return refuse_column(paths->names[i], columns[c].name, "is missing", error);
    return 0;
}

int shapes_read(struct database *database, const struct file_names *paths, struct shape *ret_shapes,
                struct error *error)
{
    cleanup(buffer_release) struct buffer sql = {0};
    struct reading reading = {paths, ret_shapes, paths->count - 1, 0, 0};

    for (size_t i = 0; i < paths->count; i++)
        ret_shapes[i] = (struct shape){0};
    if (paths->count == 0)
        return 0;
    buffer_text(&sql, "SELECT file_name, name, coalesce(type, ''), coalesce(duckdb_type, ''), "
                      "coalesce(num_children, 0)::BIGINT, coalesce(repetition_type = 'REPEATED', false) "
                      "FROM parquet_schema(");
    database_quote_all(&sql, paths);
    buffer_text(&sql, ")");
    if (database_read(database, sql.data, footer_types, take_fields, &reading, error))
        return -1;
    return check_complete(paths, ret_shapes, error);
}

int shapes_require_own(struct database *database, const struct file_names *paths, struct error *error)
{
    static const char *const own[SHAPE_COLUMNS] = {"TIMESTAMP WITH TIME ZONE", "VARCHAR", "VARCHAR", "BIGINT",
                                                   "VARCHAR"};
    struct shape *shapes = memory_new(paths->count, sizeof(*shapes));
    int status = shapes_read(database, paths, shapes, error);

    for (size_t i = 0; i < paths->count && !status; i++)
        for (size_t c = 0; c < SHAPE_COLUMNS && !status; c++)
            if (strcmp(types[shapes[i].types[c]].name, own[c]) != 0)
                status = refuse_column(paths->names[i], columns[c].name, "has another type than ours", error);
    free(shapes);
    return status;
}

bool shape_has_local_time(const struct shape *shape)
{
    return types[shape->types[SHAPE_TIMESTAMP]].role == ROLE_LOCAL_TIME;
}

static void append_columns(struct buffer *sql, const struct shape *shape, const char *time_zone, unsigned wanted)
{
    buffer_text(sql, "SELECT ");
    for (size_t i = wanted & SHAPE_WITH_TIME ? 0 : SHAPE_TIMESTAMP + 1; i < SHAPE_COLUMNS; i++) {
        const struct type *type = &types[shape->types[i]];

        buffer_printf(sql, "%s\"%s\"%s", type->before, columns[i].name, type->after);
        if (type->role == ROLE_LOCAL_TIME) {
            buffer_text(sql, " AT TIME ZONE ");
            database_quote(sql, time_zone ? time_zone : "UTC");
            buffer_text(sql, ")");
        }
        buffer_printf(sql, " AS %s%s", columns[i].alias, i + 1 < SHAPE_COLUMNS ? ", " : "");
    }
}

void shapes_append(struct buffer *sql, const struct file_names *paths, const struct shape *shapes,
                   const char *time_zone, unsigned wanted)
{
    bool *done = memory_new(paths->count, sizeof(*done));

    for (size_t i = 0; i < paths->count; i++) {
        bool first = true;

        if (done[i])
            continue;
        buffer_text(sql, i ? " UNION ALL " : "");
        append_columns(sql, &shapes[i], time_zone, wanted);
        buffer_printf(sql, "%s FROM read_parquet([", wanted & SHAPE_WITH_FILE ? ", antenna_file AS file" : "");
        for (size_t j = i; j < paths->count; j++) {
            if (done[j] || memcmp(&shapes[i], &shapes[j], sizeof(*shapes)) != 0)
                continue;
            buffer_text(sql, first ? "" : ", ");
            database_quote_path(sql, paths->names[j]);
            done[j] = true;
            first = false;
        }
        buffer_printf(sql, "], hive_partitioning = false%s)",
                      wanted & SHAPE_WITH_FILE ? ", filename = 'antenna_file'" : "");
    }
    free(done);
}
