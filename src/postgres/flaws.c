#include "postgres/flaws.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/contract.h"
#include "postgres/sql.h"

/* The codes of select_flaws.sql, in ascending order of severity: flaws_refuse() reports the last one that it finds. The
 * text comes between the name of the table and that of the column, trigger or the like. */
static const struct {
    const char *code;
    enum error_code refusal;
    enum flaw_weight weight;
    bool writing;
    const char *text;
    const char *hint;
} kinds[] = {
    {"constraint", ANT_ROW_REFUSED, FLAW_WARNING, true, "has a constraint that may refuse rows",
     "check that it allows every row, or drop it; a row that it refuses stops the job"},
    {"referenced", ANT_ROW_REFUSED, FLAW_WARNING, true, "has rows that another table's foreign key may keep",
     "drop the foreign key: a run replaces rows, and a row that is referred to stops it"},
    {"unique", ANT_ROW_REFUSED, FLAW_WARNING, true, "has another unique key that may refuse rows",
     "check that it allows every row, or drop it; a row that it refuses stops the job"},
    {"trigger", ANT_ROW_REFUSED, FLAW_WARNING, true, "has a trigger that may change or drop rows",
     "check that it returns each row as it is; a row that it drops stops the job"},
    {"last_partition", ANT_ROW_REFUSED, FLAW_STOPS, true,
     "has no partition for the rows of tomorrow: the last one ends at", "create the next partitions, or a DEFAULT one"},
    {"not_null", ANT_TABLE_COLUMNS, FLAW_REFUSED, true, "has a column that must be given and is not ours",
     "give the column a default, or ALTER COLUMN … DROP NOT NULL"},
    {"generated", ANT_TABLE_COLUMNS, FLAW_REFUSED, true, "has a column of ours that PostgreSQL computes",
     "ALTER COLUMN … DROP EXPRESSION, or DROP IDENTITY"},
    {"cascade", ANT_TABLE_UNFIT, FLAW_REFUSED, true, "has a foreign key of another table, whose rows go with its own",
     "drop the foreign key, or make it ON DELETE NO ACTION: batch, rebuild, prune and forget delete rows"},
    {"unlogged", ANT_TABLE_UNLOGGED, FLAW_REFUSED, true, "is UNLOGGED, so that a crash of the server empties it",
     "ALTER TABLE … SET LOGGED"},
    {"collation", ANT_TABLE_COLLATION, FLAW_REFUSED, false,
     "has a key column whose collation finds different texts equal", "ALTER COLUMN … TYPE TEXT COLLATE \"C\""},
    {"rule", ANT_TABLE_HIDES_ROWS, FLAW_HIDES, true, "has a rule that rewrites statements", "DROP RULE … ON the table"},
    {"row_security", ANT_TABLE_HIDES_ROWS, FLAW_HIDES, false, "has row-level security that hides rows from the user",
     "ALTER ROLE … BYPASSRLS, or ALTER TABLE … DISABLE ROW LEVEL SECURITY"},
    {"partition_key", ANT_TABLE_UNFIT, FLAW_UNFIT, false, "is partitioned by what is not in its key",
     "partition it by columns of its key, or give the name of another table"},
    {"foreign_partition", ANT_TABLE_UNFIT, FLAW_UNFIT, false, "has a partition on another server",
     "detach the partition"},
    {"child", ANT_TABLE_UNFIT, FLAW_UNFIT, false, "has children, whose rows no key of it covers",
     "ALTER TABLE … NO INHERIT for each, or make them partitions"},
    {"kind", ANT_TABLE_UNFIT, FLAW_UNFIT, false, "is no table but a",
     "rename it and run antenna provision, or give a table's name"},
};

/* Batch runs delete rows as a matter of course; of the window totals only commands that an operator starts do. */
static enum flaw_weight weigh(size_t kind, const struct contract *contract)
{
    bool is_rare = contract == &contracts[CONTRACT_BYTES] && strcmp(kinds[kind].code, "cascade") == 0;

    return is_rare ? FLAW_WARNING : kinds[kind].weight;
}

static void add_flaws(const PGresult *result, const struct contract *contract, const char *table,
                      struct flaws *ret_flaws)
{
    ret_flaws->list = memory_new(sizeof(kinds) / sizeof(*kinds), sizeof(*ret_flaws->list));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        for (int row = 0; row < PQntuples(result); row++) {
            struct buffer text = {0};

            if (strcmp(PQgetvalue(result, row, 0), kinds[i].code) != 0)
                continue;
            buffer_printf(&text, "table \"%s\" %s: %s", table, kinds[i].text, PQgetvalue(result, row, 1));
            ret_flaws->list[ret_flaws->count++] =
                (struct flaw){kinds[i].refusal, weigh(i, contract), kinds[i].writing, text.data, kinds[i].hint};
        }
}

int flaws_find(struct postgres *postgres, const struct contract *contract, const char *table, struct flaws *ret_flaws,
               struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(memory_free) char *quoted = contract_quote(table);
    cleanup(array_release) struct array columns = {0}, key = {0};
    struct parameters parameters = {0};

    array_begin(&columns, ARRAY_TEXT);
    for (size_t i = 0; i < CONTRACT_COLUMNS; i++)
        array_add(&columns, (union element){.bytes = slice_of(contract->columns[i].name)});
    contract_key(contract, &key);
    parameters_text(&parameters, quoted);
    parameters_array(&parameters, &columns);
    parameters_array(&parameters, &key);
    parameters_flag(&parameters, contract->unique);
    if (postgres_run(postgres, sql_select_flaws, &parameters, &result, error))
        return error_context(error, "could not look at table \"%s\"", table);
    *ret_flaws = (struct flaws){0};
    add_flaws(result, contract, table, ret_flaws);
    return 0;
}

void flaws_release(struct flaws *flaws)
{
    for (size_t i = 0; i < flaws->count; i++)
        free(flaws->list[i].text);
    free(flaws->list);
}

int flaws_refuse(struct postgres *postgres, const struct contract *contract, const char *table, enum flaw_weight weight,
                 bool writes, struct error *error)
{
    cleanup(flaws_release) struct flaws flaws = {0};

    if (flaws_find(postgres, contract, table, &flaws, error))
        return -1;
    for (size_t i = flaws.count; i-- > 0;)
        if (flaws.list[i].weight >= weight && (writes || !flaws.list[i].writing)) {
            error_set(error, flaws.list[i].refusal, "%s", flaws.list[i].text);
            return error_hint(error, "%s", flaws.list[i].hint);
        }
    return 0;
}

int row_filters_find(struct postgres *postgres, const struct config *config, char **ret_active, char **ret_possible,
                     struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (contracts_run(postgres, config, sql_select_row_filters, &result, error))
        return error_context(error, "could not look for triggers, rules and row-level security");
    *ret_active = postgres_text(result, 0, 0);
    *ret_possible = postgres_text(result, 0, 1);
    return 0;
}
