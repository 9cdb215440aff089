#include "archive/database.h"

#include <string.h>

#include "base/memory.h"

int database_open(int threads, struct database *ret_database, struct error *error)
{
    cleanup(memory_free) char *thread_count = memory_printf("%d", threads);
    const char *const settings[][2] = {
        {"threads", thread_count},
        {"memory_limit", "2GB"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
    };
    struct database database = {0};
    duckdb_config config;
    duckdb_state state;
    char *reason = NULL;

    if (duckdb_create_config(&config) != DuckDBSuccess)
        return error_set(error, ERROR_FAILED, "could not configure DuckDB");
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        if (duckdb_set_config(config, settings[i][0], settings[i][1]) != DuckDBSuccess) {
            duckdb_destroy_config(&config);
            return error_set(error, ERROR_FAILED, "DuckDB does not know the setting %s", settings[i][0]);
        }
    state = duckdb_open_ext(NULL, &database.handle, config, &reason);
    duckdb_destroy_config(&config);
    if (state != DuckDBSuccess) {
        error_set(error, ERROR_FAILED, "could not open DuckDB: %s", reason ? reason : "no reason given");
        duckdb_free(reason);
        return -1;
    }
    if (duckdb_connect(database.handle, &database.connection) != DuckDBSuccess) {
        database_release(&database);
        return error_set(error, ERROR_FAILED, "could not connect to DuckDB");
    }
    *ret_database = database;
    return 0;
}

void database_release(struct database *database)
{
    if (database->connection)
        duckdb_disconnect(&database->connection);
    if (database->handle)
        duckdb_close(&database->handle);
}

int database_run(struct database *database, const char *sql, duckdb_result *ret_result, struct error *error)
{
    duckdb_result result;
    enum error_kind kind;

    if (duckdb_query(database->connection, sql, &result) == DuckDBSuccess) {
        if (ret_result)
            *ret_result = result;
        else
            duckdb_destroy_result(&result);
        return 0;
    }
    kind = duckdb_result_error_type(&result) == DUCKDB_ERROR_IO ? ERROR_WORLD : ERROR_FAILED;
    error_set(error, kind, "%s", duckdb_result_error(&result));
    error->message[strcspn(error->message, "\n")] = '\0';
    duckdb_destroy_result(&result);
    return -1;
}

static void append_byte(struct buffer *sql, const char *byte)
{
    buffer_append(sql, *byte == '\'' ? "''" : byte, *byte == '\'' ? 2 : 1);
}

void database_quote(struct buffer *sql, const char *text)
{
    buffer_text(sql, "'");
    for (const char *byte = text; *byte; byte++)
        append_byte(sql, byte);
    buffer_text(sql, "'");
}

/* DuckDB reads all files that a pattern matches; in brackets its signs stand for themselves. */
void database_quote_path(struct buffer *sql, const char *path)
{
    buffer_text(sql, "'");
    for (const char *byte = path; *byte; byte++)
        if (strchr("*?[", *byte))
            buffer_printf(sql, "[%c]", *byte);
        else
            append_byte(sql, byte);
    buffer_text(sql, "'");
}

void database_quote_all(struct buffer *sql, const struct file_names *paths)
{
    buffer_text(sql, "[");
    for (size_t i = 0; i < paths->count; i++) {
        buffer_text(sql, i ? ", " : "");
        database_quote_path(sql, paths->names[i]);
    }
    buffer_text(sql, "]");
}
