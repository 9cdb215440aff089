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
