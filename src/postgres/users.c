#include "postgres/users.h"

#include "base/memory.h"
#include "postgres/sql.h"

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

int users_load(struct postgres *postgres, const char *table, const struct users *users, struct users_report *ret_report,
               struct error *error)
{
    const char *const tables[][2] = {{"user_metadata", table}, {NULL, NULL}};
    cleanup(memory_free) char *sql = postgres_with_tables(sql_upsert_users, tables);
    cleanup(release) struct user_arrays arrays = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_begin(&arrays.ids, ARRAY_TEXT);
    array_begin(&arrays.names, ARRAY_TEXT);
    array_begin(&arrays.emails, ARRAY_TEXT);
    array_begin(&arrays.quotas, ARRAY_BIGINT);
    for (size_t i = 0; i < users->count; i++) {
        array_add_bytes(&arrays.ids, slice_of(users->list[i].id));
        array_add_bytes(&arrays.names, slice_of(users->list[i].name));
        array_add_bytes(&arrays.emails, slice_of(users->list[i].email));
        array_add_bigint(&arrays.quotas, users->list[i].quota);
    }
    parameters_array(&parameters, &arrays.ids);
    parameters_array(&parameters, &arrays.names);
    parameters_array(&parameters, &arrays.emails);
    parameters_array(&parameters, &arrays.quotas);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not load the users");
    ret_report->inserted = postgres_number(result, 0, 0);
    ret_report->updated = postgres_number(result, 0, 1);
    return 0;
}
