#include "postgres/users.h"

#include "base/memory.h"
#include "postgres/sql.h"

static void fill(struct columns *columns, const struct users *users)
{
    columns_begin(columns, (const enum array_element[]){ARRAY_TEXT, ARRAY_TEXT, ARRAY_TEXT, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < users->count; i++) {
        const struct user *user = &users->list[i];

        columns_add(columns, (const union element[]){{.bytes = slice_of(user->id)},
                                                     {.bytes = slice_of(user->name)},
                                                     {.bytes = slice_of(user->email)},
                                                     {user->quota}});
    }
}

static int load(struct postgres *postgres, const char *table, const struct users *users,
                struct users_report *ret_report, struct error *error)
{
    cleanup(memory_free) char *upsert = postgres_with_table(sql_upsert_users, "user_metadata", table);
    cleanup(memory_free) char *count = postgres_with_table(sql_count_loaded_users, "user_metadata", table);
    cleanup(columns_release) struct columns columns = {0};
    cleanup(postgres_clear) PGresult *loaded = NULL;
    cleanup(postgres_clear) PGresult *counted = NULL;
    struct parameters parameters = {0};

    fill(&columns, users);
    parameters_columns(&parameters, &columns);
    if (postgres_run(postgres, upsert, &parameters, &loaded, error) ||
        postgres_run(postgres, count, &parameters, &counted, error))
        return -1;
    ret_report->inserted = postgres_number(loaded, 0, 0);
    ret_report->updated = postgres_number(loaded, 0, 1);
    return written_check(postgres, table, (int64_t)users->count, postgres_number(counted, 0, 0), error);
}

int users_load(struct postgres *postgres, const char *table, const struct users *users, struct users_report *ret_report,
               struct error *error)
{
    if (load(postgres, table, users, ret_report, error))
        return error_context(error, "could not load the users into table \"%s\"", table);
    return 0;
}

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

/* The triggers of the users' table keep the history. If they were dropped or disabled, hours would be judged by old
 * quotas. */
static int check_history(struct postgres *postgres, const struct quota_tables *tables, struct error *error)
{
    cleanup(memory_free) char *text =
        postgres_with_table(sql_count_unnoted_users, "user_metadata", tables->user_metadata);
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, text, NULL, &result, error))
        return error_context(error, "could not read the history of quotas");
    if (postgres_number(result, 0, 0) == 0)
        return 0;
    error_set(error, ANT_QUOTAS_UNKNOWN, "%s users of table \"%s\" are not in antenna.user_quota as they are now",
              PQgetvalue(result, 0, 0), tables->user_metadata);
    return error_hint(error, "run antenna provision, which notes them from now on and creates the table's triggers, or "
                             "give --quota-as-of now");
}

/* Counts the rows again after inserting them: triggers of the operator's may drop some. */
int quota_replace_hour(struct postgres *postgres, const struct quota_tables *tables, int64_t hour,
                       struct quota_report *ret_report, struct error *error)
{
    const char *insert = tables->as_of_now ? sql_insert_exceeded_now : sql_insert_exceeded;
    const char *count = tables->as_of_now ? sql_count_judged_users_now : sql_count_judged_users;
    cleanup(postgres_clear) PGresult *removed = NULL;
    cleanup(postgres_clear) PGresult *exceeded = NULL;
    cleanup(postgres_clear) PGresult *judged = NULL;

    if (!tables->as_of_now && check_history(postgres, tables, error))
        return -1;
    if (run_for_hour(postgres, sql_delete_hour, tables, hour, &removed, error) ||
        run_for_hour(postgres, insert, tables, hour, &exceeded, error) ||
        run_for_hour(postgres, count, tables, hour, &judged, error))
        return -1;
    ret_report->unknown = postgres_number(judged, 0, 0);
    ret_report->exceeded = postgres_number(judged, 0, 1);
    return written_check(postgres, tables->user_quota_limit, ret_report->exceeded, postgres_number(judged, 0, 2),
                         error);
}
