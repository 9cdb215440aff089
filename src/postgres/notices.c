#include "postgres/notices.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/sql.h"

enum notice_column {
    NOTICE_HOUR,
    NOTICE_ID,
    NOTICE_THRESHOLD,
    NOTICE_REVISION,
    NOTICE_FINAL,
    NOTICE_USAGE,
    NOTICE_QUOTA,
    NOTICE_ATTEMPTS,
    NOTICE_ANTENNAS,
    NOTICE_NAME,
    NOTICE_EMAIL,
    NOTICE_SKIPPED,
    NOTICE_KEY,
};

enum count_column { COUNT_WAITING, COUNT_DEAD, COUNT_WANTED, DEAD_HOUR, DEAD_ID, DEAD_THRESHOLD, DEAD_REASON };

/* Indexed by notice_state. */
static const char *const states[] = {"waiting", "sent", "dead"};

static char *text_or_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : postgres_text(result, row, column);
}

void notice_release(struct notice *notice)
{
    free(notice->id);
    free(notice->name);
    free(notice->email);
    free(notice->skipped);
    free(notice->key);
    *notice = (struct notice){0};
}

int notices_set_thresholds(struct postgres *postgres, const int64_t *thresholds, size_t count, struct error *error)
{
    cleanup(array_release) struct array array = {0};
    struct parameters parameters = {0};

    array_of_numbers(&array, ARRAY_INTEGER, thresholds, count);
    parameters_array(&parameters, &array);
    if (postgres_do(postgres, sql_set_thresholds, &parameters, error))
        return error_context(error, "could not store the thresholds");
    return 0;
}

int notices_have_thresholds(struct postgres *postgres, bool *ret_have, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_thresholds, NULL, &result, error))
        return error_context(error, "could not read the thresholds");
    *ret_have = PQntuples(result) > 0;
    return 0;
}

int notices_refuse_copy(struct postgres *postgres, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_copied, NULL, &result, error))
        return error_context(error, "could not read whose notices these are");
    if (PQntuples(result) == 0 || postgres_number(result, 0, 0) == 0)
        return 0;
    error_set(error, ANT_DATABASE_COPY,
              "this database is a copy: its notices are those of the database it was copied from");
    return error_hint(error,
                      "leave the notices to that database; if this one has taken its place, run antenna provision "
                      "with --adopt-notices");
}

int notices_adopt(struct postgres *postgres, struct error *error)
{
    return written_run(postgres, sql_adopt_notices, &(struct parameters){0}, "antenna.data_set", 1, error);
}

/* The lock first: what a batch run has written before is seen by the next statement only. */
int notices_write_live(struct postgres *postgres, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_try_running_hour, NULL, &result, error))
        return error_context(error, "could not look for batch runs of the running hour");
    if (postgres_number(result, 0, 0) && postgres_do(postgres, sql_insert_notices_now, NULL, error))
        return error_context(error, "could not write the notices of the running hour");
    return 0;
}

int notices_write(struct postgres *postgres, const struct quota_tables *tables, int64_t hour, bool sealed,
                  struct error *error)
{
    const char *const names[][2] = {
        {"bytes_hourly", tables->bytes_hourly}, {"user_metadata", tables->user_metadata}, {NULL, NULL}};
    cleanup(memory_free) char *sql = postgres_with_tables(sql_insert_notices, names);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_flag(&parameters, tables->as_of_now);
    parameters_flag(&parameters, sealed);
    if (postgres_do(postgres, sql, &parameters, error))
        return error_context(error, "could not write the hour's notices");
    return 0;
}

int notices_claim(struct postgres *postgres, const struct notice_claim *claim, struct notice *ret_notice,
                  struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_claim_notice, "user_metadata", claim->user_metadata);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_flag(&parameters, claim->needs_email);
    parameters_number(&parameters, claim->claim_ms);
    parameters_number(&parameters, NOTICE_PAUSE_MAX_MS);
    parameters_text(&parameters, claim->operator_email);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not claim a notice");
    if (PQntuples(result) == 0)
        return 1;
    *ret_notice = (struct notice){
        .hour = postgres_number(result, 0, NOTICE_HOUR),
        .id = postgres_text(result, 0, NOTICE_ID),
        .threshold = postgres_number(result, 0, NOTICE_THRESHOLD),
        .revision = postgres_number(result, 0, NOTICE_REVISION),
        .final = postgres_number(result, 0, NOTICE_FINAL) != 0,
        .usage = postgres_number(result, 0, NOTICE_USAGE),
        .quota = postgres_number(result, 0, NOTICE_QUOTA),
        .has_quota = !PQgetisnull(result, 0, NOTICE_QUOTA),
        .attempts = postgres_number(result, 0, NOTICE_ATTEMPTS),
        .antennas = postgres_number(result, 0, NOTICE_ANTENNAS),
        .name = text_or_null(result, 0, NOTICE_NAME),
        .email = text_or_null(result, 0, NOTICE_EMAIL),
        .skipped = text_or_null(result, 0, NOTICE_SKIPPED),
        .key = postgres_text(result, 0, NOTICE_KEY),
    };
    return 0;
}

int notices_store_result(struct postgres *postgres, const struct notice *notice, const struct notice_result *result,
                         struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, notice->hour);
    parameters_text(&parameters, notice->id);
    parameters_number(&parameters, notice->threshold);
    parameters_number(&parameters, notice->revision);
    parameters_number(&parameters, notice->attempts);
    parameters_text(&parameters, states[result->state]);
    parameters_number(&parameters, notice->attempts - !result->counts);
    parameters_number(&parameters, result->pause_ms);
    parameters_text(&parameters, result->reason);
    if (postgres_do(postgres, sql_store_notice_result, &parameters, error))
        return error_context(error, "could not note what became of a notice");
    return 0;
}

void notice_counts_release(struct notice_counts *counts)
{
    free(counts->dead_id);
    free(counts->dead_reason);
    *counts = (struct notice_counts){0};
}

int notices_count(struct postgres *postgres, struct notice_counts *ret_counts, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_count_notices, NULL, &result, error))
        return error_context(error, "could not count the notices");
    *ret_counts = (struct notice_counts){
        .waiting = postgres_number(result, 0, COUNT_WAITING),
        .dead = postgres_number(result, 0, COUNT_DEAD),
        .wanted = postgres_number(result, 0, COUNT_WANTED) != 0,
        .dead_hour = postgres_number(result, 0, DEAD_HOUR),
        .dead_id = text_or_null(result, 0, DEAD_ID),
        .dead_threshold = postgres_number(result, 0, DEAD_THRESHOLD),
        .dead_reason = text_or_null(result, 0, DEAD_REASON),
    };
    return 0;
}
