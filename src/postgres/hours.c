#include "postgres/hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/server.h"
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
    FILE_TOPIC,
    FILE_ADDED
};

void hour_list_release(struct hour_list *hours)
{
    free(hours->list);
    *hours = (struct hour_list){0};
}

int hours_select(struct postgres *postgres, const char *sql, const struct parameters *parameters,
                 struct hour_list *ret_hours, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql, parameters, &result, error))
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
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, from);
    parameters_timestamp(&parameters, to);
    return hours_select(postgres, sql_select_hours, &parameters, ret_hours, error);
}

int hours_pending(struct postgres *postgres, int64_t from, int64_t to, bool mixed, struct hour_list *ret_hours,
                  struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, from);
    parameters_timestamp(&parameters, to);
    parameters_flag(&parameters, mixed);
    return hours_select(postgres, sql_select_pending_hours, &parameters, ret_hours, error);
}

int hours_count_held(struct postgres *postgres, int64_t from, int64_t to, int64_t *ret_count, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, from);
    parameters_timestamp(&parameters, to);
    if (postgres_run(postgres, sql_count_held_hours, &parameters, &result, error))
        return error_context(error, "could not count the hours that are held");
    *ret_count = postgres_number(result, 0, 0);
    return 0;
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

static int select_for_hour(struct postgres *postgres, const char *sql, int64_t hour, const char *what,
                           PGresult **ret_result, struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql, &parameters, ret_result, error))
        return error_context(error, "could not read %s", what);
    return 0;
}

/* Logs the session that holds the hour's lock, if there is one, because the wait may be long. The key must be the one
 * of lock_hour.sql. */
static int log_holder(struct postgres *postgres, int64_t hour, struct error *error)
{
    char text[TIME_TEXT_SIZE], key[2 * TIME_TEXT_SIZE], what[2 * TIME_TEXT_SIZE];

    time_format(hour, text);
    snprintf(key, sizeof(key), "antenna batch %.10s %.8s", text, text + strlen("YYYY-MM-DDT"));
    snprintf(what, sizeof(what), "the hour %s", text);
    return lock_log_holder(postgres, key, what, error);
}

/* An advisory lock, not a row lock: an hour may have no row yet, and the speed layer must not wait for a batch run. */
int hours_lock(struct postgres *postgres, int64_t hour, struct error *error)
{
    return log_holder(postgres, hour, error) ? -1 : run_for_hour(postgres, sql_lock_hour, hour, error);
}

int hours_hold(struct postgres *postgres, int64_t hour, struct error *error)
{
    return log_holder(postgres, hour, error) ? -1 : run_for_hour(postgres, sql_hold_hour, hour, error);
}

int hours_release(struct postgres *postgres, int64_t hour, struct error *error)
{
    return run_for_hour(postgres, sql_release_hour_lock, hour, error);
}

/* The server releases the lock of a session that has ended. */
void hours_try_release(struct postgres *postgres, int64_t hour)
{
    struct error ignored;

    if (hours_release(postgres, hour, &ignored))
        return;
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
        .added = postgres_number(result, row, FILE_ADDED) != 0,
    };
}

int hours_files(struct postgres *postgres, int64_t hour, struct listed_files *ret_files, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_for_hour(postgres, sql_select_hour_files, hour, "the list of the archive's files", &result, error))
        return -1;
    ret_files->count = (size_t)PQntuples(result);
    ret_files->list = memory_new(ret_files->count + 1, sizeof(*ret_files->list));
    for (int i = 0; i < PQntuples(result); i++)
        ret_files->list[i] = read_file(result, i);
    return 0;
}

int hours_totals(struct postgres *postgres, const char *bytes_hourly, const char *user_quota_limit, int64_t hour,
                 struct hour_totals *ret_totals, struct error *error)
{
    const char *const tables[][2] = {
        {"bytes_hourly", bytes_hourly}, {"user_quota_limit", user_quota_limit}, {NULL, NULL}};
    cleanup(memory_free) char *sql = postgres_with_tables(sql_select_hour_before, tables);
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_for_hour(postgres, sql, hour, "the hour's totals", &result, error))
        return -1;
    ret_totals->bytes_most = postgres_number(result, 0, 0);
    ret_totals->rows = postgres_number(result, 0, 1);
    ret_totals->exceeded = postgres_number(result, 0, 2);
    return 0;
}

int hours_have_other_totals(struct postgres *postgres, int64_t hour, bool *ret_others, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_for_hour(postgres, sql_has_other_totals, hour, "whether the hour is held", &result, error))
        return -1;
    *ret_others = postgres_number(result, 0, 0) != 0;
    return 0;
}

/* With `hold` the row of antenna.hour is locked. Listing a file updates this row, so no file of the hour is listed
 * until the transaction ends. */
int hours_pruned(struct postgres *postgres, int64_t hour, bool hold, struct pruned_parts *ret_parts,
                 struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_for_hour(postgres, hold ? sql_hold_pruned : sql_select_pruned, hour, "what was removed of the hour",
                        &result, error))
        return -1;
    if (PQntuples(result))
        *ret_parts = (struct pruned_parts){postgres_number(result, 0, 0) != 0, postgres_number(result, 0, 1) != 0,
                                           postgres_number(result, 0, 2) != 0, postgres_number(result, 0, 3) != 0};
    return 0;
}

/* Checks that each file was marked as added: an unmarked one would be added again by the next run. */
int hours_note_late(struct postgres *postgres, int64_t hour, int64_t rows, int64_t bytes, const char *const *paths,
                    size_t count, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(array_release) struct array noted = {0};
    struct parameters parameters = {0};

    array_of_texts(&noted, paths, count);
    parameters_timestamp(&parameters, hour);
    parameters_number(&parameters, rows);
    parameters_number(&parameters, bytes);
    parameters_array(&parameters, &noted);
    if (postgres_run(postgres, sql_note_late, &parameters, &result, error))
        return error_context(error, "could not note the run");
    return written_check(postgres, "antenna.archive_file", (int64_t)count, postgres_number(result, 0, 0), error);
}

int hours_noted(struct postgres *postgres, int64_t hour, int64_t *ret_listed_bytes, int64_t *ret_unlisted_bytes,
                struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_for_hour(postgres, sql_select_hour_noted, hour, "what the last run of the hour read", &result, error))
        return -1;
    *ret_listed_bytes = postgres_number(result, 0, 0);
    *ret_unlisted_bytes = postgres_number(result, 0, 1);
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
