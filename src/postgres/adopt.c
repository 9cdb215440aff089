#include "postgres/adopt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

/* The statements that adopt a table, indexed by contract_id, and the rule for doubled totals, which follows from how
 * the Spark job makes them. Window totals: it appends a window again with the same value when it repeats a batch, and
 * appends a further part when it restarts in the middle of the window. Hourly totals: a rerun of the hour appends the
 * whole total, which late events have made larger. */
static const struct {
    const char *put_aside;
    const char *merge;
    const char *add_key;
    enum merge_rule rule;
    bool has_totals, has_dates;
} texts[CONTRACTS] = {
    [CONTRACT_BYTES] = {sql_put_aside_totals, sql_merge_totals, sql_key_totals, MERGE_PARTS, true, true},
    [CONTRACT_BYTES_HOURLY] = {sql_put_aside_totals, sql_merge_totals, sql_key_totals, MERGE_MAX, true, true},
    [CONTRACT_USER_METADATA] = {sql_put_aside_users, sql_merge_users, sql_key_users, MERGE_PARTS, false, false},
    [CONTRACT_USER_QUOTA_LIMIT] = {sql_put_aside_quota, sql_merge_quota, sql_key_quota, MERGE_PARTS, false, true},
};

/* The words of --invalid-rows. */
enum invalid_rows { INVALID_ROWS_PUT_ASIDE, INVALID_ROWS_STOP };

/* As merge_totals.sql knows them; --merge has the words of the first two. */
static const char *const rule_words[] = {[MERGE_SUM] = "sum", [MERGE_MAX] = "max", [MERGE_PARTS] = "parts"};

static int run_for_table(struct postgres *postgres, const char *sql, const char *table,
                         const struct parameters *parameters, PGresult **ret_result, struct error *error)
{
    cleanup(memory_free) char *text = postgres_with_table(sql, "table", table);

    return ret_result ? postgres_run(postgres, text, parameters, ret_result, error)
                      : postgres_do(postgres, text, parameters, error);
}

static int convert_dates(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                         struct adoption *adoption, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    if (!config_has(config, OPTION_TIME_ZONE) || !texts[id].has_dates)
        return 0;
    parameters_text(&parameters, config_text(config, OPTION_TIME_ZONE));
    if (run_for_table(postgres, sql_convert_dates, table, &parameters, &result, error))
        return -1;
    adoption->converted = postgres_number(result, 0, 0);
    if (id == CONTRACT_BYTES || postgres_number(result, 0, 1) == 0)
        return 0;
    error_set(error, ANT_ADOPTION_REFUSED,
              "%s of its rows begin no hour of UTC, as the clocks of %s differ by a part of an hour",
              PQgetvalue(result, 0, 1), config_text(config, OPTION_TIME_ZONE));
    return error_hint(error, "rename the table, and have antenna batch --all-files compute its hours again");
}

/* What was put aside: the reasons with their rows and bytes. */
static int put_aside(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                     struct adoption *adoption, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, table);
    if (run_for_table(postgres, texts[id].put_aside, table, &parameters, &result, error))
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        adoption->put_aside += postgres_number(result, row, 1);
        buffer_printf(&adoption->reasons, "%s%s %s", row ? ", " : "", PQgetvalue(result, row, 1),
                      PQgetvalue(result, row, 0));
        if (texts[id].has_totals)
            buffer_printf(&adoption->reasons, " (%s bytes)", PQgetvalue(result, row, 2));
    }
    if (adoption->put_aside == 0 || config_number(config, OPTION_INVALID_ROWS) == INVALID_ROWS_PUT_ASIDE)
        return 0;
    error_set(error, ANT_ADOPTION_REFUSED, "%" PRId64 " of its rows are invalid: %s", adoption->put_aside,
              adoption->reasons.data);
    return error_hint(error, "correct or delete these rows, or leave out --invalid-rows stop, which puts them aside");
}

static int merge(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                 struct adoption *adoption, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    adoption->rule =
        config_has(config, OPTION_MERGE) ? (enum merge_rule)config_number(config, OPTION_MERGE) : texts[id].rule;
    parameters_text(&parameters, rule_words[adoption->rule]);
    parameters_text(&parameters, config_has(config, OPTION_TIME_ZONE) ? config_text(config, OPTION_TIME_ZONE) : NULL);
    if (run_for_table(postgres, texts[id].merge, table, texts[id].has_totals ? &parameters : NULL, &result, error))
        return -1;
    if (PQgetisnull(result, 0, 0)) {
        error_set(error, ANT_ADOPTION_REFUSED, "not all of its doubled rows could be merged");
        return error_hint(error, "disable the triggers and rules of the table and run the command again");
    }
    adoption->removed = postgres_number(result, 0, 0);
    adoption->repeated = postgres_number(result, 0, 1);
    adoption->repeated_bytes = postgres_number(result, 0, 2);
    adoption->differing = postgres_number(result, 0, 3);
    adoption->shown_twice = postgres_number(result, 0, 4);
    if (id != CONTRACT_USER_METADATA || !adoption->differing)
        return 0;
    error_set(error, ANT_ADOPTION_REFUSED, "%" PRId64 " users have several rows that differ", adoption->differing);
    return error_hint(error, "keep one row of each id and run the command again");
}

/* Has the key's texts compared byte by byte. */
static int alter_collations(struct postgres *postgres, enum contract_id id, const char *table, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(memory_free) char *quoted = contract_quote(table);
    cleanup(array_release) struct array key = {0};
    struct parameters parameters = {0};

    contract_key(&contracts[id], &key);
    parameters_text(&parameters, quoted);
    parameters_array(&parameters, &key);
    if (postgres_run(postgres, sql_select_collated, &parameters, &result, error))
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        const char *column = PQgetvalue(result, row, 0);
        const char *const names[][2] = {{"table", table}, {"column", column}, {NULL, NULL}};
        cleanup(memory_free) char *text = postgres_with_tables(sql_alter_collation, names);

        if (!PQgetisnull(result, row, 1)) {
            error_set(error, ANT_TABLE_IN_USE,
                      "its column \"%s\" is used by views, which keep it from being altered: %s", column,
                      PQgetvalue(result, row, 1));
            return error_hint(error, "drop these views, run the command again, and create them again");
        }
        if (postgres_do(postgres, text, NULL, error))
            return -1;
    }
    return 0;
}

/* The lock keeps the Spark job from appending rows while they are merged. Dates are converted first: invalid and
 * doubled rows are recognised by dates in UTC. The key comes last, as it needs unique rows and byte-wise collations. */
static int adopt(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                 struct adoption *adoption, struct error *error)
{
    if (run_for_table(postgres, sql_lock_table, table, NULL, NULL, error) ||
        convert_dates(postgres, config, id, table, adoption, error) ||
        put_aside(postgres, config, id, table, adoption, error) ||
        merge(postgres, config, id, table, adoption, error) || alter_collations(postgres, id, table, error))
        return -1;
    return run_for_table(postgres, texts[id].add_key, table, NULL, NULL, error);
}

int adopt_table(struct postgres *postgres, const struct config *config, enum contract_id id, const char *table,
                struct adoption *ret_adoption, struct error *error)
{
    *ret_adoption = (struct adoption){0};
    if (adopt(postgres, config, id, table, ret_adoption, error))
        return error_context(error, "could not adopt table \"%s\"", table);
    return 0;
}

int adopt_check(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    if (!config_has(config, OPTION_TIME_ZONE))
        return 0;
    parameters_text(&parameters, config_text(config, OPTION_TIME_ZONE));
    if (postgres_run(postgres, sql_count_zones, &parameters, &result, error))
        return error_context(error, "could not look for the time zone");
    if (postgres_number(result, 0, 0))
        return 0;
    error_set(error, ANT_ADOPTION_REFUSED, "PostgreSQL knows no time zone \"%s\"",
              config_text(config, OPTION_TIME_ZONE));
    return error_hint(error, "give a name of pg_timezone_names, such as Europe/Madrid");
}

void adoption_release(struct adoption *adoption)
{
    buffer_release(&adoption->reasons);
}
