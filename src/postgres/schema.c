#include "postgres/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/data_set.h"
#include "postgres/metrics.h"
#include "postgres/notices.h"
#include "postgres/server.h"
#include "postgres/silence.h"
#include "postgres/sql.h"
#include "postgres/window.h"

/* The number of triggers in create_quota_triggers.sql. */
#define QUOTA_TRIGGERS 2

/* Indexed by contract_id. */
static const char *const create_texts[CONTRACTS] = {
    [CONTRACT_BYTES] = sql_create_bytes,
    [CONTRACT_BYTES_HOURLY] = sql_create_bytes_hourly,
    [CONTRACT_USER_METADATA] = sql_create_user_metadata,
    [CONTRACT_USER_QUOTA_LIMIT] = sql_create_user_quota_limit,
};

static int create_table(struct postgres *postgres, enum contract_id id, const char *table, struct error *error)
{
    const char *const tables[][2] = {{"table", table}, {NULL, NULL}};
    cleanup(memory_free) char *text = postgres_with_tables(create_texts[id], tables);

    return postgres_script(postgres, text, error);
}

/* Creates or adopts a table. */
static int prepare_table(struct postgres *postgres, const struct config *config, enum contract_id id,
                         struct table_report *report, struct error *error)
{
    const char *table = config_text(config, contracts[id].option);
    enum contract_state state;
    bool adopts;

    report->table = table;
    report->fate = TABLE_KEPT;
    if (contract_compare(postgres, &contracts[id], table, &state, error))
        return -1;
    if (state == TABLE_MISSING) {
        report->fate = TABLE_CREATED;
        return create_table(postgres, id, table, error);
    }
    adopts = state == TABLE_WITHOUT_KEY && config_flag(config, OPTION_ADOPT);
    if (flaws_refuse(postgres, &contracts[id], table, adopts ? FLAW_HIDES : FLAW_UNFIT, true, error))
        return -1;
    if (state == TABLE_WITHOUT_KEY && !adopts) {
        error_set(error, ANT_TABLE_KEYLESS, "table \"%s\" has no key, as the Spark job made it", table);
        return error_hint(error, "--adopt merges its doubled rows and adds the key; make a backup first");
    }
    if (adopts) {
        report->fate = TABLE_ADOPTED;
        if (adopt_table(postgres, config, id, table, &report->adoption, error))
            return -1;
    }
    return flaws_find(postgres, &contracts[id], table, &report->flaws, error);
}

void schema_report_release(struct schema_report *report)
{
    for (int i = 0; i < CONTRACTS; i++) {
        adoption_release(&report->tables[i].adoption);
        flaws_release(&report->tables[i].flaws);
    }
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

static void list_tables(const struct config *config, struct array *ret_names)
{
    array_begin(ret_names, ARRAY_TEXT);
    for (int i = 0; i < CONTRACTS; i++) {
        cleanup(memory_free) char *quoted = contract_quote(config_text(config, contracts[i].option));

        array_add(ret_names, (union element){.bytes = slice_of(quoted)});
    }
}

static int identify_rows(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(array_release) struct array names = {0};
    struct parameters parameters = {0};

    list_tables(config, &names);
    parameters_array(&parameters, &names);
    if (postgres_do(postgres, sql_set_tables, &parameters, error) ||
        postgres_script(postgres, sql_identify_rows, error))
        return error_context(error, "could not give tables a replica identity");
    return 0;
}

int schema_unidentified(struct postgres *postgres, const struct config *config, struct buffer *ret_text,
                        struct error *error)
{
    cleanup(array_release) struct array names = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    list_tables(config, &names);
    parameters_array(&parameters, &names);
    if (postgres_run(postgres, sql_select_unidentified, &parameters, &result, error))
        return error_context(error, "could not look at the publications");
    buffer_text(ret_text, PQgetvalue(result, 0, 0));
    return 0;
}

int schema_notes_quotas(struct postgres *postgres, const struct config *config, bool *ret_notes, struct error *error)
{
    cleanup(memory_free) char *quoted = contract_quote(config_text(config, OPTION_USER_METADATA_TABLE));
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, quoted);
    if (postgres_run(postgres, sql_count_quota_triggers, &parameters, &result, error))
        return error_context(error, "could not look for the triggers of the users' table");
    *ret_notes = postgres_number(result, 0, 0) == QUOTA_TRIGGERS;
    return 0;
}

/* Has the history of quotas kept, and notes what it missed. */
static int keep_quotas(struct postgres *postgres, const struct config *config, struct error *error)
{
    const char *table = config_text(config, OPTION_USER_METADATA_TABLE);
    const char *const tables[][2] = {{"table", table}, {NULL, NULL}};
    cleanup(memory_free) char *triggers = postgres_with_tables(sql_create_quota_triggers, tables);
    cleanup(memory_free) char *quoted = contract_quote(table);
    bool noted = false;
    struct parameters parameters = {0};

    parameters_text(&parameters, quoted);
    if (postgres_script(postgres, sql_create_quota_history, error) ||
        schema_notes_quotas(postgres, config, &noted, error) ||
        (!noted && postgres_script(postgres, triggers, error)) ||
        postgres_do(postgres, sql_note_quotas, &parameters, error))
        return error_context(error, "could not keep the history of quotas of table \"%s\"", table);
    return 0;
}

static int create_views(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(memory_free) char *sql = schema_with_tables(sql_create_views, config);

    if (postgres_script(postgres, sql, error))
        return error_context(error, "could not create the views of the schema antenna");
    return 0;
}

/* All in one transaction of the caller, under a lock: if it is refused or interrupted, the old schema stays as it was.
 */
int schema_create(struct postgres *postgres, const struct config *config, struct schema_report *ret_report,
                  struct error *error)
{
    *ret_report = (struct schema_report){0};
    if (lock_log_holder(postgres, "antenna provision", "the end of another provision", error) ||
        postgres_script(postgres, sql_lock_provision, error))
        return error_context(error, "could not wait for other provisions");
    if (adopt_check(postgres, config, error) || schema_migrate(postgres, &ret_report->version_before, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++)
        if (prepare_table(postgres, config, (enum contract_id)i, &ret_report->tables[i], error))
            return -1;
    if (create_views(postgres, config, error) || data_set_note(postgres, config, error) ||
        window_store(postgres, config, ret_report->version_before, &ret_report->window, error) ||
        metrics_store(postgres, config, &ret_report->kinds, error) || silence_store(postgres, config, error) ||
        keep_quotas(postgres, config, error) ||
        (config_flag(config, OPTION_ADOPT_NOTICES) && notices_adopt(postgres, error)))
        return -1;
    return identify_rows(postgres, config, error);
}

static bool writes(enum command_id command, enum contract_id id)
{
    static const unsigned writers[CONTRACTS] = {
        [CONTRACT_BYTES] = 1u << COMMAND_SPEED | 1u << COMMAND_REBUILD | 1u << COMMAND_FORGET,
        [CONTRACT_BYTES_HOURLY] = 1u << COMMAND_BATCH | 1u << COMMAND_FORGET,
        [CONTRACT_USER_METADATA] = 1u << COMMAND_PROVISION | 1u << COMMAND_FORGET,
        [CONTRACT_USER_QUOTA_LIMIT] = 1u << COMMAND_BATCH | 1u << COMMAND_FORGET,
    };

    return writers[id] >> command & 1;
}

static int check_table(struct postgres *postgres, const struct config *config, enum contract_id id, bool keyed,
                       struct error *error)
{
    const char *table = config_text(config, contracts[id].option);
    enum contract_state state;

    if (contract_compare(postgres, &contracts[id], table, &state, error))
        return -1;
    if (keyed && flaws_refuse(postgres, &contracts[id], table, FLAW_REFUSED, writes(config_command(config), id), error))
        return -1;
    if (state == TABLE_COMPLETE || (state == TABLE_WITHOUT_KEY && !keyed))
        return 0;
    if (state == TABLE_MISSING) {
        error_set(error, ANT_TABLE_MISSING, "table \"%s\" does not exist", table);
        return error_hint(error, "run antenna provision, or check the table's name");
    }
    error_set(error, ANT_TABLE_KEYLESS, "table \"%s\" has no key, as the Spark job made it", table);
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
    total_kind_set kinds = 0;
    int64_t window = 0;

    return schema_check_version(postgres, error) || check_tables(postgres, config, true, error) ||
                   data_set_check(postgres, config, error) || window_read(postgres, &window, error) ||
                   metrics_read(postgres, &kinds, error)
               ? -1
               : 0;
}
