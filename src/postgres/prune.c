#include "postgres/prune.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/sql.h"

int prune_tables_read(struct postgres *postgres, struct prune_tables *ret_tables, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_tables, NULL, &result, error))
        return error_context(error, "could not read the tables of the data set");
    if (PQntuples(result) == 0) {
        error_set(error, ANT_DATA_SET_UNKNOWN, "the schema antenna does not know the tables of its data set");
        return error_hint(error, "run antenna provision with the names of the tables");
    }
    *ret_tables =
        (struct prune_tables){postgres_text(result, 0, 0), postgres_text(result, 0, 1), postgres_text(result, 0, 2)};
    return 0;
}

void prune_tables_release(struct prune_tables *tables)
{
    free(tables->bytes);
    free(tables->bytes_hourly);
    free(tables->user_quota_limit);
}

void prune_hours_release(struct prune_hours *hours)
{
    free(hours->list);
    *hours = (struct prune_hours){0};
}

/* A limit, or NULL for none. */
static void add_limit(struct parameters *parameters, int64_t seconds)
{
    if (seconds == PRUNE_FOR_EVER)
        parameters_text(parameters, NULL);
    else
        parameters_number(parameters, seconds);
}

int prune_select(struct postgres *postgres, const struct prune_limits *limits, int64_t hour,
                 struct prune_hours *ret_hours, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    for (int kind = PRUNE_TOTALS; kind <= PRUNE_HOURLY; kind++)
        add_limit(&parameters, limits->seconds[kind]);
    if (hour == PRUNE_ALL_HOURS)
        parameters_text(&parameters, NULL);
    else
        parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql_select_prunable, &parameters, &result, error))
        return error_context(error, "could not read which hours are older than what is kept");
    ret_hours->count = (size_t)PQntuples(result);
    ret_hours->list = memory_new(ret_hours->count + 1, sizeof(*ret_hours->list));
    for (int i = 0; i < PQntuples(result); i++)
        ret_hours->list[i] =
            (struct prune_hour){postgres_number(result, i, 0), postgres_number(result, i, 1) != 0,
                                postgres_number(result, i, 2) != 0, postgres_number(result, i, 3) != 0};
    return 0;
}

/* The number that a statement about so many seconds returns. */
static int ask(struct postgres *postgres, const char *sql, int64_t seconds, int64_t *ret_number, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_number(&parameters, seconds);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return -1;
    *ret_number = postgres_number(result, 0, 0);
    return 0;
}

int prune_count_old(struct postgres *postgres, int64_t seconds, int64_t *ret_count, struct error *error)
{
    return ask(postgres, sql_count_old_hours, seconds, ret_count, error)
               ? error_context(error, "could not count the hours that are older than what is kept")
               : 0;
}

static char *with_tables(const char *sql, const struct prune_tables *tables)
{
    const char *const names[][2] = {{"bytes", tables->bytes},
                                    {"bytes_hourly", tables->bytes_hourly},
                                    {"user_quota_limit", tables->user_quota_limit},
                                    {NULL, NULL}};

    return postgres_with_tables(sql, names);
}

int prune_count(struct postgres *postgres, const struct prune_tables *tables, const struct prune_hour *hour,
                struct prune_amounts *ret_amounts, struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_count_prunable, tables);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour->hour);
    parameters_flag(&parameters, hour->totals);
    parameters_flag(&parameters, hour->archive);
    parameters_flag(&parameters, hour->hourly);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not count what an hour has");
    *ret_amounts = (struct prune_amounts){
        .files = postgres_number(result, 0, 0),
        .file_rows = postgres_number(result, 0, 1),
        .file_size = postgres_number(result, 0, 2),
        .totals = postgres_number(result, 0, 3),
        .hourly_totals = postgres_number(result, 0, 4),
        .users_over_quota = postgres_number(result, 0, 5),
    };
    return 0;
}

void prune_add(struct prune_amounts *sum, const struct prune_amounts *amounts)
{
    sum->files += amounts->files;
    sum->file_rows += amounts->file_rows;
    sum->file_size += amounts->file_size;
    sum->totals += amounts->totals;
    sum->hourly_totals += amounts->hourly_totals;
    sum->users_over_quota += amounts->users_over_quota;
}

/* Runs a statement with the tables' names in it. */
static int run(struct postgres *postgres, const struct prune_tables *tables, const char *text,
               struct parameters *parameters, PGresult **ret_result, struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(text, tables);

    return postgres_run(postgres, sql, parameters, ret_result, error);
}

static int remove_totals(struct postgres *postgres, const struct prune_tables *tables, int64_t hour,
                         total_kind_set kinds, struct prune_amounts *amounts, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(array_release) struct array labels = {0};
    struct parameters parameters = {0};
    total_kind_set events = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind) && total_counts_events(kind))
            events |= (total_kind_set)1 << kind;
    labels = totals_labels(events);
    parameters_timestamp(&parameters, hour);
    parameters_array(&parameters, &labels);
    if (postgres_do(postgres, sql_limit_lock_time, NULL, error) ||
        run(postgres, tables, sql_prune_totals, &parameters, &result, error))
        return error_context(error, "could not remove window totals");
    amounts->totals = postgres_number(result, 0, 0);
    return 0;
}

static int remove_hourly(struct postgres *postgres, const struct prune_tables *tables, int64_t hour,
                         struct prune_amounts *amounts, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (run(postgres, tables, sql_prune_hourly, &parameters, &result, error))
        return error_context(error, "could not remove hourly totals");
    amounts->hourly_totals = postgres_number(result, 0, 0);
    amounts->users_over_quota = postgres_number(result, 0, 1);
    return 0;
}

static int remove_files(struct postgres *postgres, int64_t hour, const char *place, struct prune_amounts *amounts,
                        struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_text(&parameters, place);
    if (postgres_run(postgres, sql_prune_files, &parameters, &result, error))
        return error_context(error, "could not take files off the list");
    amounts->files = postgres_number(result, 0, 0);
    amounts->file_rows = postgres_number(result, 0, 1);
    amounts->file_size = postgres_number(result, 0, 2);
    return 0;
}

int prune_remove(struct postgres *postgres, const struct prune_tables *tables, const struct prune_hour *hour,
                 total_kind_set kinds, const char *place, struct prune_amounts *ret_amounts, struct error *error)
{
    struct prune_amounts amounts = {0};

    if ((hour->totals && remove_totals(postgres, tables, hour->hour, kinds, &amounts, error)) ||
        (hour->hourly && remove_hourly(postgres, tables, hour->hour, &amounts, error)) ||
        (hour->archive && remove_files(postgres, hour->hour, place, &amounts, error)))
        return -1;
    *ret_amounts = amounts;
    return 0;
}

int prune_rejected(struct postgres *postgres, int64_t seconds, bool dry_run, int64_t *ret_count, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    if (dry_run)
        return ask(postgres, sql_count_old_rejected, seconds, ret_count, error)
                   ? error_context(error, "could not count rejected messages")
                   : 0;
    parameters_number(&parameters, seconds);
    if (postgres_run(postgres, sql_prune_rejected, &parameters, &result, error))
        return error_context(error, "could not remove rejected messages");
    *ret_count = (int64_t)postgres_changed(result);
    return 0;
}

int prune_notices(struct postgres *postgres, int64_t seconds, bool dry_run, int64_t *ret_count, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_number(&parameters, seconds);
    parameters_flag(&parameters, dry_run);
    if (postgres_run(postgres, sql_prune_notices, &parameters, &result, error))
        return error_context(error, "could not remove notices");
    *ret_count = postgres_number(result, 0, 0);
    return 0;
}
