#include "postgres/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

/* What makes or mends a table, indexed by contract_id. */
static const struct {
    const char *create;
    const char *count_nulls;
    const char *merge;
    const char *add_key;
} texts[CONTRACTS] = {
    [CONTRACT_BYTES] = {sql_create_bytes, sql_count_nulls_totals, sql_merge_totals, sql_key_totals},
    [CONTRACT_BYTES_HOURLY] = {sql_create_bytes_hourly, sql_count_nulls_totals, sql_merge_totals, sql_key_totals},
    [CONTRACT_USER_METADATA] = {sql_create_user_metadata, sql_count_nulls_users, sql_merge_users, sql_key_users},
    [CONTRACT_USER_QUOTA_LIMIT] = {sql_create_user_quota_limit, sql_count_nulls_quota, sql_merge_quota, sql_key_quota},
};

/* Runs a text of one table. */
static int run_for_table(struct postgres *postgres, const char *sql, const char *table, PGresult **ret_result,
                         struct error *error)
{
    const char *const tables[][2] = {{"table", table}, {NULL, NULL}};
    cleanup(memory_free) char *text = postgres_with_tables(sql, tables);

    return ret_result ? postgres_run(postgres, text, NULL, ret_result, error) : postgres_script(postgres, text, error);
}

static int refuse_nulls(struct postgres *postgres, enum contract_id id, const char *table, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run_for_table(postgres, texts[id].count_nulls, table, &result, error))
        return -1;
    if (postgres_number(result, 0, 0) == 0)
        return 0;
    error_set(error, ERROR_MISTAKE, "could not adopt table \"%s\": %s of its rows have a NULL in their key or value",
              table, PQgetvalue(result, 0, 0));
    return error_hint(error, "correct or delete these rows and run the command again");
}

static int adopt_table(struct postgres *postgres, enum contract_id id, struct table_report *report, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run_for_table(postgres, sql_lock_table, report->table, NULL, error) ||
        refuse_nulls(postgres, id, report->table, error) ||
        run_for_table(postgres, texts[id].merge, report->table, &result, error))
        return -1;
    report->fate = TABLE_ADOPTED;
    report->removed = postgres_number(result, 0, 0);
    report->differing = postgres_number(result, 0, 1);
    if (id == CONTRACT_USER_METADATA && report->differing) {
        error_set(error, ERROR_MISTAKE, "could not adopt table \"%s\": %lld users have several rows that differ",
                  report->table, (long long)report->differing);
        return error_hint(error, "keep one row of each id and run the command again");
    }
    return run_for_table(postgres, texts[id].add_key, report->table, NULL, error);
}

static int create_table(struct postgres *postgres, const struct config *config, enum contract_id id,
                        struct table_report *ret_report, struct error *error)
{
    const char *table = config_text(config, contracts[id].option);
    enum contract_state state;

    *ret_report = (struct table_report){.table = table, .fate = TABLE_KEPT};
    if (contract_compare(postgres, &contracts[id], table, &state, error))
        return -1;
    if (state == TABLE_COMPLETE)
        return 0;
    if (state == TABLE_WITHOUT_KEY && config_flag(config, OPTION_ADOPT))
        return adopt_table(postgres, id, ret_report, error);
    if (state == TABLE_WITHOUT_KEY) {
        error_set(error, ERROR_MISTAKE, "table \"%s\" has no key, as the Spark job made it", table);
        return error_hint(error, "--adopt merges its doubled rows and adds the key; make a backup first");
    }
    ret_report->fate = TABLE_CREATED;
    return run_for_table(postgres, texts[id].create, table, NULL, error);
}

char *schema_with_tables(const char *sql, const struct config *config)
{
    const char *const tables[][2] = {{"bytes", config_text(config, OPTION_JDBC_TABLE)},
                                     {"bytes_hourly", config_text(config, OPTION_BYTES_HOURLY_TABLE)},
                                     {"user_metadata", config_text(config, OPTION_USER_METADATA_TABLE)},
                                     {"user_quota_limit", config_text(config, OPTION_USER_QUOTA_LIMIT_TABLE)},
                                     {NULL, NULL}};

    return postgres_with_tables(sql, tables);
}

static int create_views(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(memory_free) char *sql = schema_with_tables(sql_create_views, config);

    if (postgres_script(postgres, sql, error))
        return error_context(error, "could not create the views of the schema antenna");
    return 0;
}

int schema_create(struct postgres *postgres, const struct config *config, struct schema_report *ret_report,
                  struct error *error)
{
    if (postgres_script(postgres, sql_lock_provision, error))
        return error_context(error, "could not wait for other provisions");
    if (schema_migrate(postgres, &ret_report->version_before, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++)
        if (create_table(postgres, config, (enum contract_id)i, &ret_report->tables[i], error))
            return -1;
    return create_views(postgres, config, error);
}

static int check_table(struct postgres *postgres, const struct config *config, enum contract_id id, bool keyed,
                       struct error *error)
{
    const char *table = config_text(config, contracts[id].option);
    enum contract_state state;

    if (contract_compare(postgres, &contracts[id], table, &state, error))
        return -1;
    if (state == TABLE_COMPLETE || (state == TABLE_WITHOUT_KEY && !keyed))
        return 0;
    if (state == TABLE_MISSING) {
        error_set(error, ERROR_MISTAKE, "table \"%s\" does not exist", table);
        return error_hint(error, "run antenna provision, or check the table's name");
    }
    error_set(error, ERROR_MISTAKE, "table \"%s\" has no key, as the Spark job made it", table);
    return error_hint(error, "run antenna provision --adopt");
}

static int check_tables(struct postgres *postgres, const struct config *config, bool keyed, struct error *error)
{
    for (int i = 0; i < CONTRACTS; i++)
        if (option_taken(&option_table[contracts[i].option], config_command(config)) &&
            check_table(postgres, config, (enum contract_id)i, keyed, error))
            return -1;
    return 0;
}

int schema_check_columns(struct postgres *postgres, const struct config *config, struct error *error)
{
    return check_tables(postgres, config, false, error);
}

int schema_check(struct postgres *postgres, const struct config *config, struct error *error)
{
    return schema_check_version(postgres, error) ? -1 : check_tables(postgres, config, true, error);
}
