#include "postgres/contract.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

#define TIMESTAMP "timestamp without time zone"
#define TOTALS_COLUMNS                                                                                                 \
    {                                                                                                                  \
        {"date", TIMESTAMP}, {"id", "text"}, {"value", "bigint"},                                                      \
        {                                                                                                              \
            "type", "text"                                                                                             \
        }                                                                                                              \
    }

/* A name for the tables that a command does not use: no table has it. */
#define NO_TABLE "-"

const struct contract contracts[CONTRACTS] = {
    [CONTRACT_BYTES] = {OPTION_JDBC_TABLE, TOTALS_COLUMNS, {"date", "type", "id"}, true},
    [CONTRACT_BYTES_HOURLY] = {OPTION_BYTES_HOURLY_TABLE, TOTALS_COLUMNS, {"date", "type", "id"}, true},
    [CONTRACT_USER_METADATA] = {OPTION_USER_METADATA_TABLE,
                                {{"id", "text"}, {"name", "text"}, {"email", "text"}, {"quota", "bigint"}},
                                {"id"},
                                true},
    [CONTRACT_USER_QUOTA_LIMIT] = {OPTION_USER_QUOTA_LIMIT_TABLE,
                                   {{"email", "text"}, {"usage", "bigint"}, {"quota", "bigint"}, {"date", TIMESTAMP}},
                                   {"date"},
                                   false},
};

char *contract_quote(const char *table)
{
    return postgres_with_table(":\"table\"", "table", table);
}

void contract_key(const struct contract *contract, struct array *ret_columns)
{
    array_begin(ret_columns, ARRAY_TEXT);
    for (size_t i = 0; i < CONTRACT_COLUMNS && contract->key[i]; i++)
        array_add(ret_columns, (union element){.bytes = slice_of(contract->key[i])});
}

/* The mission's own table calls the column `date` so. */
static int refuse_missing_column(const PGresult *result, const struct contract_column *column, const char *table,
                                 const char *quoted, struct error *error)
{
    error_set(error, ANT_TABLE_COLUMNS, "table \"%s\" has no column \"%s\" of type %s", table, column->name,
              column->type);
    for (int row = 0; row < PQntuples(result); row++)
        if (strcmp(column->name, "date") == 0 && strcmp(PQgetvalue(result, row, 0), "timestamp") == 0)
            return error_hint(error, "ALTER TABLE %s RENAME COLUMN \"timestamp\" TO date, and run the command again",
                              quoted);
    return error_hint(error, "add the column, or give the name of another table");
}

static int check_column(const PGresult *result, const struct contract_column *column, const char *table,
                        const char *quoted, struct error *error)
{
    for (int row = 0; row < PQntuples(result); row++) {
        const char *type = PQgetvalue(result, row, 1);

        if (strcmp(PQgetvalue(result, row, 0), column->name) != 0)
            continue;
        if (strcmp(type, column->type) == 0)
            return 0;
        error_set(error, ANT_TABLE_COLUMNS, "column \"%s\" of table \"%s\" has the type %s instead of %s", column->name,
                  table, type, column->type);
        return error_hint(error, "alter the column, or give the name of another table");
    }
    return refuse_missing_column(result, column, table, quoted, error);
}

/* PostgreSQL folds names that are not quoted, as those in the Spark job's statements: bytesByHour is bytesbyhour. */
static int refuse_near_name(struct postgres *postgres, const char *table, const char *quoted, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, table);
    if (postgres_run(postgres, sql_select_near_table, &parameters, &result, error))
        return error_context(error, "could not look for table \"%s\"", table);
    if (PQntuples(result) == 0)
        return 0;
    error_set(error, ANT_TABLE_MISSING, "table %s does not exist, and %s does", quoted, PQgetvalue(result, 0, 0));
    return error_hint(error, "give its name as \"%s\", or rename one of the two", PQgetvalue(result, 0, 0));
}

static int check_columns(struct postgres *postgres, const struct contract *contract, const char *table,
                         const char *quoted, bool *ret_missing, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, quoted);
    if (postgres_run(postgres, sql_select_columns, &parameters, &result, error))
        return error_context(error, "could not look at table \"%s\"", table);
    *ret_missing = PQntuples(result) == 0;
    if (*ret_missing)
        return refuse_near_name(postgres, table, quoted, error);
    for (size_t i = 0; i < CONTRACT_COLUMNS; i++)
        if (check_column(result, &contract->columns[i], table, quoted, error))
            return -1;
    return 0;
}

static int find_key(struct postgres *postgres, const struct contract *contract, const char *quoted, bool *ret_found,
                    struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(array_release) struct array columns = {0};
    struct parameters parameters = {0};

    contract_key(contract, &columns);
    parameters_text(&parameters, quoted);
    parameters_array(&parameters, &columns);
    parameters_flag(&parameters, contract->unique);
    if (postgres_run(postgres, sql_has_index, &parameters, &result, error))
        return -1;
    *ret_found = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    return 0;
}

int contract_compare(struct postgres *postgres, const struct contract *contract, const char *table,
                     enum contract_state *ret_state, struct error *error)
{
    cleanup(memory_free) char *quoted = contract_quote(table);
    bool missing = false, keyed = false;

    if (check_columns(postgres, contract, table, quoted, &missing, error))
        return -1;
    if (missing) {
        *ret_state = TABLE_MISSING;
        return 0;
    }
    if (find_key(postgres, contract, quoted, &keyed, error))
        return -1;
    *ret_state = keyed ? TABLE_COMPLETE : TABLE_WITHOUT_KEY;
    return 0;
}

int contracts_run(struct postgres *postgres, const struct config *config, const char *sql, PGresult **ret_result,
                  struct error *error)
{
    struct parameters parameters = {0};
    char *names[CONTRACTS];
    int status;

    for (int i = 0; i < CONTRACTS; i++) {
        const char *name = config_text(config, contracts[i].option);

        names[i] = contract_quote(name ? name : NO_TABLE);
        parameters_text(&parameters, names[i]);
    }
    status = postgres_run(postgres, sql, &parameters, ret_result, error);
    for (int i = 0; i < CONTRACTS; i++)
        free(names[i]);
    return status;
}
