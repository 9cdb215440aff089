#include "postgres/users.h"

#include "base/memory.h"
#include "postgres/sql.h"
#include "postgres/written.h"

struct user_arrays {
    struct array ids, names, emails, quotas;
};

static void release(struct user_arrays *arrays)
{
    array_release(&arrays->ids);
    array_release(&arrays->names);
    array_release(&arrays->emails);
    array_release(&arrays->quotas);
}

static void fill(struct user_arrays *arrays, const struct users *users, struct parameters *parameters)
{
    array_begin(&arrays->ids, ARRAY_TEXT);
    array_begin(&arrays->names, ARRAY_TEXT);
    array_begin(&arrays->emails, ARRAY_TEXT);
    array_begin(&arrays->quotas, ARRAY_BIGINT);
    for (size_t i = 0; i < users->count; i++) {
        array_add_bytes(&arrays->ids, slice_of(users->list[i].id));
        array_add_bytes(&arrays->names, slice_of(users->list[i].name));
        array_add_bytes(&arrays->emails, slice_of(users->list[i].email));
        array_add_bigint(&arrays->quotas, users->list[i].quota);
    }
    parameters_array(parameters, &arrays->ids);
    parameters_array(parameters, &arrays->names);
    parameters_array(parameters, &arrays->emails);
    parameters_array(parameters, &arrays->quotas);
}

static int load(struct postgres *postgres, const char *table, const struct users *users,
                struct users_report *ret_report, struct error *error)
{
    const char *const tables[][2] = {{"user_metadata", table}, {NULL, NULL}};
    cleanup(memory_free) char *upsert = postgres_with_tables(sql_upsert_users, tables);
    cleanup(memory_free) char *count = postgres_with_tables(sql_count_loaded_users, tables);
    cleanup(release) struct user_arrays arrays = {0};
    cleanup(postgres_clear) PGresult *loaded = NULL;
    cleanup(postgres_clear) PGresult *counted = NULL;
    struct parameters parameters = {0};

    fill(&arrays, users, &parameters);
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

/* The history of quotas must be that of the users' table. */
static int check_history(struct postgres *postgres, const struct quota_tables *tables, struct error *error)
{
    const char *const names[][2] = {{"user_metadata", tables->user_metadata}, {NULL, NULL}};
    cleanup(memory_free) char *text = postgres_with_tables(sql_count_unnoted_users, names);
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, text, NULL, &result, error))
        return error_context(error, "could not read the history of quotas");
    if (postgres_number(result, 0, 0) == 0)
        return 0;
    error_set(error, ERROR_MISTAKE, "%s users of table \"%s\" are not in antenna.user_quota as they are now",
              PQgetvalue(result, 0, 0), tables->user_metadata);
    return error_hint(error, "run antenna provision, which notes them from now on and creates the table's triggers, or "
                             "give --quota-as-of now");
}

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
