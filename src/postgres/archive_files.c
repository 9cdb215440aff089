#include "postgres/archive_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "postgres/sql.h"

void archive_files_begin(struct archive_files *files)
{
    files->hour_count = 0;
    columns_begin(&files->rows,
                  (const enum array_element[]){ARRAY_TEXT, ARRAY_TIMESTAMP, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_TIMESTAMP,
                                               ARRAY_TIMESTAMP, ARRAY_BIGINT, ARRAY_TEXT, ARRAY_END});
}

void archive_files_release(struct archive_files *files)
{
    columns_release(&files->rows);
}

/* In the order of hours, in which all writers lock the rows of antenna.hour; archive_files_insert() expects one changed
 * row for each different hour. */
void archive_files_add(struct archive_files *files, const struct archive_file *file)
{
    invariant(files->hour_count == 0 || files->last_hour <= file->hour);
    if (files->hour_count == 0 || file->hour != files->last_hour)
        files->hour_count++;
    files->last_hour = file->hour;
    columns_add(&files->rows, (const union element[]){{.bytes = slice_of(file->path)},
                                                      {file->hour},
                                                      {file->rows},
                                                      {file->bytes_total},
                                                      {file->min_timestamp},
                                                      {file->max_timestamp},
                                                      {file->size},
                                                      {.bytes = slice_of(file->offsets)}});
}

static int run_for_token(struct postgres *postgres, const char *sql, const char *token, struct error *error)
{
    struct parameters parameters = {0};

    parameters_text(&parameters, token);
    return postgres_do(postgres, sql, &parameters, error);
}

int archive_files_find_retired(struct postgres *postgres, const char *token, bool *ret_retired, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, token);
    if (postgres_run(postgres, sql_count_retired, &parameters, &result, error))
        return error_context(error, "could not look for retired writers");
    *ret_retired = postgres_number(result, 0, 0) != 0;
    return 0;
}

int archive_files_check_writer(struct postgres *postgres, const char *token, struct error *error)
{
    bool retired = false;

    if (archive_files_find_retired(postgres, token, &retired, error))
        return -1;
    return retired
               ? error_set(error, ANT_STAGING_TAKEN,
                           "another process has recovered the staging folder %s of this one, whose lock it found free",
                           token)
               : 0;
}

/* Two statements: at READ COMMITTED a statement sees only what was committed before it started. A check in the
 * statement that waits for the lock would not see that the recovery which held it has retired the writer. */
int archive_files_hold(struct postgres *postgres, const char *token, struct error *error)
{
    return run_for_token(postgres, sql_hold_files, token, error) || archive_files_check_writer(postgres, token, error)
               ? -1
               : 0;
}

/* Waits at most 5 s (seize_files.sql): the session of a dead writer may still hold the lock, until the server notices
 * by keepalives that its client is gone. The recovery is then tried again later. */
int archive_files_seize(struct postgres *postgres, const char *token, struct error *error)
{
    return run_for_token(postgres, sql_seize_files, token, error);
}

/* Read back, as a trigger could drop the row: without it a living writer whose lock was lost would list files that the
 * recovery has deleted. */
int archive_files_retire(struct postgres *postgres, const char *token, struct error *error)
{
    bool retired = false;

    if (run_for_token(postgres, sql_retire_writer, token, error) ||
        archive_files_find_retired(postgres, token, &retired, error))
        return -1;
    return written_check(postgres, "antenna.retired_writer", 1, retired, error);
}

/* insert_archive_files.sql returns the number of hours that it wrote, not of files, so the files are read back. */
static int check_listed(struct postgres *postgres, struct archive_files *files, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_arrays(&parameters, &files->rows, 0, 1); /* the paths */
    if (postgres_run(postgres, sql_select_listed_files, &parameters, &result, error))
        return -1;
    return written_check_result(postgres, "antenna.archive_file", columns_rows(&files->rows), result, error);
}

int archive_files_insert(struct postgres *postgres, const struct progress_key *key, struct archive_files *files,
                         struct error *error)
{
    struct parameters parameters = {0};

    if (columns_rows(&files->rows) == 0)
        return 0;
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &files->rows);
    if (written_run(postgres, sql_insert_archive_files, &parameters, "antenna.hour", files->hour_count, error) ||
        check_listed(postgres, files, error))
        return error_context(error, "could not list the archive's files");
    return 0;
}

int archive_files_find(struct postgres *postgres, const char *const *paths, size_t count, bool *ret_listed,
                       struct error *error)
{
    cleanup(array_release) struct array wanted = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_of_texts(&wanted, paths, count);
    parameters_array(&parameters, &wanted);
    if (postgres_run(postgres, sql_select_listed_files, &parameters, &result, error))
        return error_context(error, "could not read the list of the archive's files");
    for (size_t i = 0; i < count; i++) {
        ret_listed[i] = false;
        for (int row = 0; row < PQntuples(result) && !ret_listed[i]; row++)
            ret_listed[i] = slice_equal(slice_of(PQgetvalue(result, row, 0)), slice_of(paths[i]));
    }
    return 0;
}

int archive_files_sample(struct postgres *postgres, PGresult **ret_paths, struct error *error)
{
    if (postgres_run(postgres, sql_select_archive_sample, NULL, ret_paths, error))
        return error_context(error, "could not read the list of the archive's files");
    return 0;
}

void replaced_files_release(struct replaced_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->paths[i]);
        free(files->replaced_by[i]);
    }
    free(files->paths);
    free(files->replaced_by);
    *files = (struct replaced_files){0};
}

/* The statement returns how many of the files it has replaced: if another process has replaced one meanwhile, its rows
 * would be in two listed files. */
int archive_files_replace(struct postgres *postgres, const char *path, int64_t size, const char *const *replaced,
                          size_t count, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(array_release) struct array paths = {0};
    struct parameters parameters = {0};

    array_of_texts(&paths, replaced, count);
    parameters_text(&parameters, path);
    parameters_number(&parameters, size);
    parameters_array(&parameters, &paths);
    if (postgres_run(postgres, sql_replace_files, &parameters, &result, error))
        return error_context(error, "could not list \"%s\"", path);
    if (postgres_number(result, 0, 0) != (int64_t)count)
        return error_set(error, ANT_DEFECT, "could not list \"%s\": of the %zu files that it replaces, %s are listed",
                         path, count, PQgetvalue(result, 0, 0));
    return 0;
}

/* By the writer's token in `replaced_by`: each rewrite of an hour has a token of its own, so these are its files only.
 */
int archive_files_replaced(struct postgres *postgres, const char *token, int64_t hour, struct replaced_files *ret_files,
                           struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, token);
    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql_select_replaced_files, &parameters, &result, error))
        return error_context(error, "could not read the list of the archive's files");
    ret_files->count = (size_t)PQntuples(result);
    ret_files->paths = memory_new(ret_files->count, sizeof(*ret_files->paths));
    ret_files->replaced_by = memory_new(ret_files->count, sizeof(*ret_files->replaced_by));
    for (int row = 0; row < PQntuples(result); row++) {
        ret_files->paths[row] = postgres_text(result, row, 0);
        ret_files->replaced_by[row] = postgres_text(result, row, 1);
    }
    return 0;
}

int archive_files_delete_replaced(struct postgres *postgres, const char *token, int64_t hour, struct error *error)
{
    struct parameters parameters = {0};

    parameters_text(&parameters, token);
    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql_delete_replaced_files, &parameters, error))
        return error_context(error, "could not take replaced files off the list");
    return 0;
}
