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

enum role { ROLE_TIME, ROLE_LOCAL_TIME, ROLE_TEXT, ROLE_NUMBER, ROLE_UNREAD };

/* Two types that are not read: the column is missing; or it is an optional field's and holds another type, as in files
 * of other programs. */
enum { TYPE_NONE, TYPE_OTHER };

/* The types that are read: as DuckDB and as Parquet calls them, for which columns, and by which SQL. */
static const struct type {
    const char *name, *stored;
    enum role role;
    const char *before, *after; /* the column */
} types[] = {
    [TYPE_NONE] = {NULL, NULL, ROLE_UNREAD, NULL, NULL},
    [TYPE_OTHER] = {"another", NULL, ROLE_UNREAD, NULL, NULL},
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

/* By the kind of a field: what its column must hold. */
static const struct {
    enum role role;
    const char *wanted;
    const char *own; /* the type of the speed layer's files */
} kinds[] = {
    [FIELD_KIND_TIME] = {ROLE_TIME, "a timestamp", "TIMESTAMP WITH TIME ZONE"},
    [FIELD_KIND_AMOUNT] = {ROLE_NUMBER, "a whole number", "BIGINT"},
    [FIELD_KIND_TEXT] = {ROLE_TEXT, "a string", "VARCHAR"},
    [FIELD_KIND_ID] = {ROLE_TEXT, "a string", "VARCHAR"},
};

/* The files, and the position in the list of the fields of their footers. */
struct reading {
    const struct file_names *paths;
    struct shape *shapes;
    size_t file;   /* of the field before */
    int64_t left;  /* fields of its first level that are still to come */
    int64_t below; /* fields that are still to come of a column with fields of its own */
};

static bool field_takes(const struct field_entry *field, const struct type *type)
{
    enum role role = kinds[field->kind].role;

    return type->role == role || (role == ROLE_TIME && type->role == ROLE_LOCAL_TIME);
}

static int refuse_column(const char *path, const char *name, const char *reason, struct error *error)
{
    cleanup(buffer_release) struct buffer required = {0};

    fields_list(&required);
    error_set(error, ANT_FILE_COLUMNS, "\"%s\": the column \"%s\" %s", path, name, reason);
    return error_hint(error, "write the file again with the columns %s as the page of data says, or move it away",
                      required.data);
}

/* A field of the first level. An empty type is that of a field with others below it. */
static int take_column(struct shape *shape, const char *path, struct slice name, struct slice stored, struct slice type,
                       bool repeated, struct error *error)
{
    for (enum field i = 0; i < FIELDS; i++) {
        const struct field_entry *field = &record_fields[i];
        bool twice = shape->types[i] != TYPE_NONE;
        char reason[200];

        if (strlen(field->name) != name.size || strncasecmp(field->name, name.data, name.size) != 0)
            continue;
        if (shape->types[i] && field->required)
            return refuse_column(path, field->name, "is there twice", error);
        for (unsigned char t = TYPE_OTHER + 1; t < sizeof(types) / sizeof(*types) && !repeated && !shape->types[i]; t++)
            if (field_takes(field, &types[t]) && slice_equal(type, slice_of(types[t].name)) &&
                slice_equal(stored, slice_of(types[t].stored)))
                shape->types[i] = t;
        if (!field->required && (twice || !shape->types[i]))
            shape->types[i] = TYPE_OTHER;
        if (shape->types[i])
            return 0;
        if (type.size == 0)
            type = slice_of("LIST, STRUCT or MAP");
        snprintf(reason, sizeof(reason), "has the type %.*s%s, not %s", (int)type.size, type.data,
                 repeated ? " (repeated)" : "", kinds[field->kind].wanted);
        return refuse_column(path, field->name, reason, error);
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
            return error_set(error, ANT_DUCKDB_ANSWER, "DuckDB names the file \"%.*s\", which is not read",
                             (int)file.size, file.data);
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
        for (enum field field = 0; field < FIELDS; field++)
            if (!shapes[i].types[field] && record_fields[field].required)
                return refuse_column(paths->names[i], record_fields[field].name, "is missing", error);
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

bool shape_has_local_time(const struct shape *shape)
{
    for (enum field field = 0; field < FIELDS; field++)
        if (types[shape->types[field]].role == ROLE_LOCAL_TIME)
            return true;
    return false;
}

static void append_column(struct buffer *sql, const struct type *type, const char *name, const char *time_zone)
{
    buffer_printf(sql, "%s\"%s\"%s", type->before, name, type->after);
    if (type->role != ROLE_LOCAL_TIME)
        return;
    buffer_text(sql, " AT TIME ZONE ");
    database_quote(sql, time_zone ? time_zone : "UTC");
    buffer_text(sql, ")");
}

static void append_columns(struct buffer *sql, const struct shape *shape, const char *time_zone, unsigned wanted)
{
    const char *separator = "SELECT ";

    for (enum field i = 0; i < FIELDS; i++) {
        const struct field_entry *field = &record_fields[i];
        bool is_time = field->kind == FIELD_KIND_TIME;

        if (!field->required || (is_time && !(wanted & SHAPE_WITH_TIME)))
            continue;
        buffer_text(sql, separator);
        append_column(sql, &types[shape->types[i]], field->name, time_zone);
        buffer_printf(sql, " AS %s", is_time ? "time" : field->name);
        separator = ", ";
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

static int check_own(const struct file_names *paths, const struct shape *shapes, struct error *error)
{
    for (size_t i = 0; i < paths->count; i++)
        for (enum field field = 0; field < FIELDS; field++) {
            unsigned char type = shapes[i].types[field];

            if (type && strcmp(types[type].name, kinds[record_fields[field].kind].own) != 0)
                return refuse_column(paths->names[i], record_fields[field].name, "has another type than ours", error);
        }
    return 0;
}

static bool any_has(const struct shape *shapes, size_t count, enum field field)
{
    while (count > 0 && !shapes[count - 1].types[field])
        count--;
    return count > 0;
}

int shapes_append_own(struct database *database, struct buffer *sql, const struct file_names *paths,
                      struct error *error)
{
    cleanup(memory_free) struct shape *shapes = memory_new(paths->count, sizeof(*shapes));

    if (shapes_read(database, paths, shapes, error) || check_own(paths, shapes, error))
        return -1;
    for (enum field field = 0; field < FIELDS; field++) {
        const char *name = record_fields[field].name;

        buffer_text(sql, field ? ", " : "SELECT ");
        if (any_has(shapes, paths->count, field))
            buffer_text(sql, name);
        else
            buffer_printf(sql, "NULL::%s AS %s", kinds[record_fields[field].kind].own, name);
    }
    buffer_text(sql, " FROM read_parquet(");
    database_quote_all(sql, paths);
    /* The columns that only some have are NULL in the others. */
    buffer_text(sql, ", hive_partitioning = false, union_by_name = true)");
    return 0;
}
