#include "postgres/hours.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

enum hour_column { HOUR_BEGIN, HOUR_ROWS, HOUR_SEALED };

enum file_column {
    FILE_PATH,
    FILE_ROWS,
    FILE_BYTES,
    FILE_SIZE,
    FILE_MIN,
    FILE_MAX,
    FILE_REPLACED,
    FILE_JOB,
    FILE_TOPIC
};

void hour_list_release(struct hour_list *hours)
{
    free(hours->list);
    *hours = (struct hour_list){0};
}

int hours_select(struct postgres *postgres, const char *sql, int64_t from, int64_t to, struct hour_list *ret_hours,
                 struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, from);
    parameters_timestamp(&parameters, to);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not read which hours the archive has");
    ret_hours->count = (size_t)PQntuples(result);
    ret_hours->list = memory_new(ret_hours->count + 1, sizeof(*ret_hours->list));
    for (int i = 0; i < PQntuples(result); i++)
        ret_hours->list[i] = (struct hour_entry){
            .hour = postgres_number(result, i, HOUR_BEGIN),
            .rows = postgres_number(result, i, HOUR_ROWS),
            .sealed = postgres_number(result, i, HOUR_SEALED) != 0,
        };
    return 0;
}

int hours_in_range(struct postgres *postgres, int64_t from, int64_t to, struct hour_list *ret_hours,
                   struct error *error)
{
    return hours_select(postgres, sql_select_hours, from, to, ret_hours, error);
}

int hours_pending(struct postgres *postgres, int64_t from, int64_t to, struct hour_list *ret_hours, struct error *error)
{
    return hours_select(postgres, sql_select_pending_hours, from, to, ret_hours, error);
}

bool listed_files_have(const struct listed_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->list[i].path, path) == 0)
            return true;
    return false;
}

void listed_files_release(struct listed_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].path);
        free(files->list[i].job);
        free(files->list[i].topic);
    }
    free(files->list);
    *files = (struct listed_files){0};
}

static int run_for_hour(struct postgres *postgres, const char *sql, int64_t hour, struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    return postgres_do(postgres, sql, &parameters, error);
}

int hours_lock(struct postgres *postgres, int64_t hour, struct error *error)
{
    return run_for_hour(postgres, sql_lock_hour, hour, error);
}

int hours_hold(struct postgres *postgres, int64_t hour, struct error *error)
{
    return run_for_hour(postgres, sql_hold_hour, hour, error);
}

int hours_let_go(struct postgres *postgres, int64_t hour, struct error *error)
{
    return run_for_hour(postgres, sql_let_go_hour, hour, error);
}

int hours_limit_idle_time(struct postgres *postgres, struct error *error)
{
    return postgres_do(postgres, sql_limit_idle_transaction, NULL, error);
}

static struct listed_file read_file(const PGresult *result, int row)
{
    return (struct listed_file){
        .path = postgres_text(result, row, FILE_PATH),
        .job = postgres_text(result, row, FILE_JOB),
        .topic = postgres_text(result, row, FILE_TOPIC),
        .rows = postgres_number(result, row, FILE_ROWS),
        .bytes_total = postgres_number(result, row, FILE_BYTES),
        .size = postgres_number(result, row, FILE_SIZE),
        .min_timestamp = postgres_number(result, row, FILE_MIN),
        .max_timestamp = postgres_number(result, row, FILE_MAX),
        .replaced = postgres_number(result, row, FILE_REPLACED) != 0,
    };
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
    for (int i = 0; i < PQntuples(result); i++)
        ret_files->list[i] = read_file(result, i);
    return 0;
}

int hours_note_batch(struct postgres *postgres, int64_t hour, const struct batch_input *input, bool *ret_rerun,
                     struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_number(&parameters, input->listed_rows);
    parameters_number(&parameters, input->listed_bytes);
    parameters_number(&parameters, input->unlisted_rows);
    parameters_number(&parameters, input->unlisted_bytes);
    if (postgres_run(postgres, sql_note_batch, &parameters, &result, error))
        return error_context(error, "could not note the run");
    *ret_rerun = PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);
    return 0;
}
