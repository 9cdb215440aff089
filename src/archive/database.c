#include "archive/database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/spill.h"
#include "base/memory.h"

/* The start of DuckDB's message when neither memory nor the spill folder suffices: its C API has no code for it. */
#define OUT_OF_MEMORY "Out of Memory Error"

/* The enums and structs of the header are those of one version: another library may interpret them differently. */
static int check_version(struct error *error)
{
    if (strcmp(duckdb_library_version(), "v" ANTENNA_DUCKDB_VERSION) == 0)
        return 0;
    error_set(error, ANT_DUCKDB_VERSION, "DuckDB's library is %s, and this program was built for v%s",
              duckdb_library_version(), ANTENNA_DUCKDB_VERSION);
    return error_hint(error, "install antenna again: it brings the library that it needs");
}

/* DuckDB reads this file when it opens a database. Since 1.5 it aborts the process if it cannot, as when no file
 * descriptor is left: the exception calls a destructor of an object that is not complete yet. So it is tried first. */
static int check_group_file(struct error *error)
{
    static const char path[] = "/proc/self/cgroup";
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 && errno != ENOENT)
        return error_set(error, ANT_DISK_FAILED, "could not open DuckDB: could not open the file \"%s\": %m", path);
    if (file >= 0)
        close(file);
    return 0;
}

/* Extensions are switched off: DuckDB would download code, or load what another program has installed. */
int database_open(int threads, const struct database_limits *limits, struct database *ret_database, struct error *error)
{
    cleanup(memory_free) char *thread_count = memory_printf("%d", threads);
    cleanup(memory_free) char *memory =
        limits && limits->memory ? memory_printf("%lldB", (long long)limits->memory) : memory_printf("%s", "2GB");
    const char *const settings[][2] = {
        {"threads", thread_count},
        {"memory_limit", memory},
        {"temp_directory", limits && limits->spill ? limits->spill : ""},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
    };
    struct database database = {0};
    duckdb_config config;
    duckdb_state state;
    char *reason = NULL;

    if (check_version(error) || check_group_file(error))
        return -1;
    if (duckdb_create_config(&config) != DuckDBSuccess)
        return error_set(error, ANT_START_FAILED, "could not configure DuckDB");
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        if (duckdb_set_config(config, settings[i][0], settings[i][1]) != DuckDBSuccess) {
            duckdb_destroy_config(&config);
            return error_set(error, ANT_START_FAILED, "DuckDB does not know the setting %s", settings[i][0]);
        }
    state = duckdb_open_ext(NULL, &database.handle, config, &reason);
    duckdb_destroy_config(&config);
    if (state != DuckDBSuccess) {
        error_set(error, ANT_START_FAILED, "could not open DuckDB: %s", reason ? reason : "no reason given");
        duckdb_free(reason);
        return -1;
    }
    if (duckdb_connect(database.handle, &database.connection) != DuckDBSuccess) {
        database_release(&database);
        return error_set(error, ANT_START_FAILED, "could not connect to DuckDB");
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

    if (duckdb_query(database->connection, sql, &result) == DuckDBSuccess) {
        if (ret_result)
            *ret_result = result;
        else
            duckdb_destroy_result(&result);
        return 0;
    }
    error_set(error, duckdb_result_error_type(&result) == DUCKDB_ERROR_IO ? ANT_DISK_FAILED : ANT_DUCKDB_ANSWER, "%s",
              duckdb_result_error(&result));
    error->message[strcspn(error->message, "\n")] = '\0';
    if (strstr(error->message, strerror(EACCES))) {
        error->code = ANT_DISK_REFUSED;
        error_hint(error, "let this user read and write the archive");
    }
    if (strstr(error->message, OUT_OF_MEMORY)) {
        error->code = ANT_MEMORY_LIMIT;
        error_hint(error, "give more by --memory-limit, or more room in the archive's staging folder or TMPDIR");
    }
    duckdb_destroy_result(&result);
    return -1;
}

static int check_types(duckdb_result *result, const duckdb_type *types, struct error *error)
{
    for (idx_t i = 0; types[i] != DUCKDB_TYPE_INVALID; i++)
        if (duckdb_column_type(result, i) != types[i])
            return error_set(error, ANT_DUCKDB_ANSWER, "DuckDB gives the column %s in another type than expected",
                             duckdb_column_name(result, i));
    return 0;
}

int database_read(struct database *database, const char *sql, const duckdb_type *types, database_chunk_function take,
                  void *context, struct error *error)
{
    duckdb_result result;
    duckdb_data_chunk chunk;
    int status;

    if (database_run(database, sql, &result, error)) {
        /* Errors that are neither of input/output nor of memory come from the contents: it is no archive of ours. */
        if (error->code == ANT_DUCKDB_ANSWER)
            error->code = ANT_ARCHIVE_UNREADABLE;
        return error_context(error, "could not read the archive");
    }
    status = check_types(&result, types, error);
    while (!status && (chunk = duckdb_fetch_chunk(result))) {
        status = take(context, chunk, error);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return status;
}

void *database_value(duckdb_data_chunk chunk, idx_t column, idx_t row, size_t size)
{
    return (char *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column)) + row * size;
}

bool database_is_null(duckdb_data_chunk chunk, idx_t column, idx_t row)
{
    uint64_t *valid = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(chunk, column));

    return valid && !duckdb_validity_row_is_valid(valid, row);
}

int64_t database_number(duckdb_data_chunk chunk, idx_t column, idx_t row)
{
    return *(int64_t *)database_value(chunk, column, row, sizeof(int64_t));
}

struct slice database_text(duckdb_data_chunk chunk, idx_t column, idx_t row)
{
    duckdb_string_t *text = database_value(chunk, column, row, sizeof(*text));

    return (struct slice){duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

bool database_is_short(const struct error *error)
{
    return strstr(error->message, OUT_OF_MEMORY) || strstr(error->message, "/" SPILL_PREFIX);
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

/* DuckDB takes every path for a glob pattern. In brackets its special characters are literal. */
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
