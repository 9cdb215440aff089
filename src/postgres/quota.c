#include "postgres/quota.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/sql.h"

static int run_for_hour(struct postgres *postgres, const char *sql, const struct quota_tables *tables, int64_t hour,
                        PGresult **ret_result, struct error *error)
{
    const char *const names[][2] = {{"table", tables->user_quota_limit},
                                    {"bytes_hourly", tables->bytes_hourly},
                                    {"user_metadata", tables->user_metadata},
                                    {"user_quota_limit", tables->user_quota_limit},
                                    {NULL, NULL}};
    cleanup(memory_free) char *text = postgres_with_tables(sql, names);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, text, &parameters, ret_result, error))
        return error_context(error, "could not find the users over their quota");
    return 0;
}

int quota_replace_hour(struct postgres *postgres, const struct quota_tables *tables, int64_t hour,
                       struct quota_report *ret_report, struct error *error)
{
    cleanup(postgres_clear) PGresult *removed = NULL;
    cleanup(postgres_clear) PGresult *exceeded = NULL;
    cleanup(postgres_clear) PGresult *unknown = NULL;

    if (run_for_hour(postgres, sql_delete_hour, tables, hour, &removed, error) ||
        run_for_hour(postgres, sql_insert_exceeded, tables, hour, &exceeded, error) ||
        run_for_hour(postgres, sql_count_unknown_users, tables, hour, &unknown, error))
        return -1;
    ret_report->exceeded = strtoll(PQcmdTuples(exceeded), NULL, 10);
    ret_report->unknown = postgres_number(unknown, 0, 0);
    return 0;
}
