#include "archive/merge.h"

#include "archive/database.h"
#include "archive/parquet.h"
#include "archive/shape.h"

static void append_change(struct buffer *sql, const struct changed_id *changed)
{
    const char *id = record_fields[FIELD_USER].name;

    buffer_printf(sql, "SELECT * REPLACE (CASE WHEN %s = ", id);
    database_quote(sql, changed->from);
    buffer_text(sql, " THEN ");
    database_quote(sql, changed->to);
    buffer_printf(sql, " ELSE %s END AS %s) FROM (", id, id);
}

int merge_files(const struct database_limits *limits, const struct file_names *paths, const struct changed_id *changed,
                const char *to, enum parquet_codec codec, int64_t *ret_size, struct error *error)
{
    cleanup(database_release) struct database database = {0};
    cleanup(buffer_release) struct buffer sql = {0};

    if (database_open(1, limits, &database, error))
        return -1;
    buffer_text(&sql, "COPY (");
    if (changed)
        append_change(&sql, changed);
    if (shapes_append_own(&database, &sql, paths, error))
        return error_context(error, "could not merge %zu files into \"%s\"", paths->count, to);
    buffer_text(&sql, changed ? "))" : ")");
    parquet_append_target(&sql, to, codec);
    if (database_run(&database, sql.data, NULL, error)) {
        /* Errors that are neither of input/output nor of memory come from the contents: a file is damaged. */
        if (error->code == ANT_DUCKDB_ANSWER)
            error->code = ANT_ARCHIVE_UNREADABLE;
        return error_context(error, "could not merge %zu files into \"%s\"", paths->count, to);
    }
    return disk_sync_file(to, ret_size, error);
}
