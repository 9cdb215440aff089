#include "postgres/hours.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

void listed_files_release(struct listed_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].path);
    free(files->list);
    *files = (struct listed_files){0};
}

int hours_lock(struct postgres *postgres, int64_t hour, struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    return postgres_do(postgres, sql_lock_hour, &parameters, error);
}

int hours_files(struct postgres *postgres, int64_t hour, struct listed_files *ret_files, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql_select_hour_files, &parameters, &result, error))
        return error_context(error, "could not read the list of the archive's files");
    ret_files->count = (size_t)PQntuples(result);
    ret_files->list = memory_new(ret_files->count + 1, sizeof(*ret_files->list));
    for (size_t i = 0; i < ret_files->count; i++) {
        const char *path = PQgetvalue(result, (int)i, 0);

        ret_files->list[i] = (struct listed_file){memory_text(path, strlen(path)), postgres_number(result, (int)i, 1)};
    }
    return 0;
}

int hours_note_batch(struct postgres *postgres, int64_t hour, int64_t rows, int64_t bytes, bool *ret_rerun,
                     struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_number(&parameters, rows);
    parameters_number(&parameters, bytes);
    if (postgres_run(postgres, sql_note_batch, &parameters, &result, error))
        return error_context(error, "could not note the run");
    *ret_rerun = PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);
    return 0;
}
