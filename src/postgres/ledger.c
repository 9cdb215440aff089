#include "postgres/ledger.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/sql.h"

enum sums_column {
    SUMS_KNOWN,
    SUMS_BATCHED,
    SUMS_DIRTY,
    SUMS_FILES,
    SUMS_ROWS,
    SUMS_BYTES,
    SUMS_LISTED_FILES,
    SUMS_LISTED_ROWS,
    SUMS_LISTED_BYTES,
    SUMS_BATCH_ROWS,
    SUMS_BATCH_BYTES,
    SUMS_BATCH_UNLISTED_ROWS,
    SUMS_HOURLY_ROWS,
    SUMS_TO_ARCHIVE,
    SUMS_TO_TOTAL,
    SUMS_MESSAGES_TO_ARCHIVE,
    SUMS_MESSAGES_TO_TOTAL,
    SUMS_MISPLACED,
    SUMS_REBUILT_UNLISTED_ROWS,
    SUMS_REBUILT_UNLISTED_BYTES,
    SUMS_PRUNED_FILES,
    SUMS_PRUNED_ROWS,
    SUMS_PRUNED_BYTES,
    SUMS_PRUNED_EVENTS,
    SUMS_PRUNED_TOTAL_BYTES,
    SUMS_HOURLY_PRUNED,
};

enum kind_column { KIND_SPEED, KIND_HOURLY, KIND_SPEED_WHOLE, KIND_HOURLY_WHOLE };

enum total_column { TOTAL_LABEL, TOTAL_ID, TOTAL_HOURLY, TOTAL_SPEED };

enum counter_column {
    COUNTER_TOTALLED,
    COUNTER_TOTALLED_BYTES,
    COUNTER_ARCHIVED,
    COUNTER_ARCHIVED_BYTES,
    COUNTER_REJECTED,
    COUNTER_HOUR_ROWS,
    COUNTER_HOUR_BYTES,
    COUNTER_REJECTED_COUNTS,
};

static char *with_tables(const char *sql, const struct ledger_tables *tables)
{
    const char *const names[][2] = {{"bytes", tables->bytes}, {"bytes_hourly", tables->bytes_hourly}, {NULL, NULL}};

    return postgres_with_tables(sql, names);
}

int ledger_hours(struct postgres *postgres, const struct ledger_tables *tables, int64_t from, int64_t to,
                 const int64_t *found, size_t count, struct hour_list *ret_hours, struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_select_verify_hours, tables);
    cleanup(array_release) struct array hours = {0};
    struct parameters parameters = {0};

    array_of_numbers(&hours, ARRAY_TIMESTAMP, found, count);
    parameters_timestamp(&parameters, from);
    parameters_timestamp(&parameters, to);
    parameters_array(&parameters, &hours);
    return hours_select(postgres, sql, &parameters, ret_hours, error);
}

int ledger_find_impossible(struct postgres *postgres, const struct ledger_tables *tables,
                           struct ledger_impossible *ret_speed, struct ledger_impossible *ret_hourly,
                           struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_select_impossible_dates, tables);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct ledger_impossible *const found[2] = {ret_speed, ret_hourly};
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, RECORD_TIME_MIN);
    parameters_timestamp(&parameters, RECORD_TIME_END);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not look for rows with impossible dates");
    for (int i = 0; i < 2; i++) {
        found[i]->rows = postgres_number(result, i, 0);
        snprintf(found[i]->first, sizeof(found[i]->first), "%s", PQgetvalue(result, i, 1));
    }
    return 0;
}

static struct hour_sums read_sums(const PGresult *result)
{
    return (struct hour_sums){
        .known = postgres_number(result, 0, SUMS_KNOWN) != 0,
        .batched = postgres_number(result, 0, SUMS_BATCHED) != 0,
        .dirty = postgres_number(result, 0, SUMS_DIRTY) != 0,
        .files = postgres_number(result, 0, SUMS_FILES),
        .rows = postgres_number(result, 0, SUMS_ROWS),
        .bytes = postgres_number(result, 0, SUMS_BYTES),
        .listed_files = postgres_number(result, 0, SUMS_LISTED_FILES),
        .listed_rows = postgres_number(result, 0, SUMS_LISTED_ROWS),
        .listed_bytes = postgres_number(result, 0, SUMS_LISTED_BYTES),
        .batch_rows = postgres_number(result, 0, SUMS_BATCH_ROWS),
        .batch_bytes = postgres_number(result, 0, SUMS_BATCH_BYTES),
        .batch_unlisted_rows = postgres_number(result, 0, SUMS_BATCH_UNLISTED_ROWS),
        .hourly_rows = postgres_number(result, 0, SUMS_HOURLY_ROWS),
        .to_archive = postgres_number(result, 0, SUMS_TO_ARCHIVE),
        .to_total = postgres_number(result, 0, SUMS_TO_TOTAL),
        .messages_to_archive = postgres_number(result, 0, SUMS_MESSAGES_TO_ARCHIVE),
        .messages_to_total = postgres_number(result, 0, SUMS_MESSAGES_TO_TOTAL),
        .misplaced = postgres_number(result, 0, SUMS_MISPLACED),
        .rebuilt_unlisted_rows = postgres_number(result, 0, SUMS_REBUILT_UNLISTED_ROWS),
        .rebuilt_unlisted_bytes = postgres_number(result, 0, SUMS_REBUILT_UNLISTED_BYTES),
        .pruned_files = postgres_number(result, 0, SUMS_PRUNED_FILES),
        .pruned_rows = postgres_number(result, 0, SUMS_PRUNED_ROWS),
        .pruned_bytes = postgres_number(result, 0, SUMS_PRUNED_BYTES),
        .pruned_events = postgres_number(result, 0, SUMS_PRUNED_EVENTS),
        .pruned_total_bytes = postgres_number(result, 0, SUMS_PRUNED_TOTAL_BYTES),
        .hourly_pruned = postgres_number(result, 0, SUMS_HOURLY_PRUNED) != 0,
    };
}

static int sum_kinds(struct postgres *postgres, const struct ledger_tables *tables, int64_t hour,
                     struct hour_sums *sums, struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_select_hour_kinds, tables);
    cleanup(array_release) struct array labels = totals_labels(~0u);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_array(&parameters, &labels);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return -1;
    sums->kinds = sums->speed_kinds = sums->hourly_kinds = total_kinds_standard();
    for (int kind = 0; kind < TOTAL_KINDS; kind++) {
        sums->speed[kind] = postgres_number(result, kind, KIND_SPEED);
        sums->hourly[kind] = postgres_number(result, kind, KIND_HOURLY);
        sums->kinds |= (total_kind_set)!PQgetisnull(result, kind, KIND_SPEED_WHOLE) << kind;
        sums->speed_kinds |= (total_kind_set)postgres_number(result, kind, KIND_SPEED_WHOLE) << kind;
        sums->hourly_kinds |= (total_kind_set)postgres_number(result, kind, KIND_HOURLY_WHOLE) << kind;
    }
    return 0;
}

int ledger_hour(struct postgres *postgres, const struct ledger_tables *tables, int64_t hour, struct hour_sums *ret_sums,
                struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_select_hour_sums, tables);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not sum up an hour");
    *ret_sums = read_sums(result);
    return sum_kinds(postgres, tables, hour, ret_sums, error) ? error_context(error, "could not sum up an hour") : 0;
}

int ledger_totals(struct postgres *postgres, const struct ledger_tables *tables, int64_t hour,
                  struct ledger_totals *ret_totals, struct error *error)
{
    cleanup(memory_free) char *sql = with_tables(sql_select_hour_totals, tables);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql, &parameters, &ret_totals->result, error))
        return error_context(error, "could not read an hour's totals");
    ret_totals->count = PQntuples(ret_totals->result);
    return 0;
}

struct ledger_total ledger_total_at(const struct ledger_totals *totals, int index)
{
    const PGresult *result = totals->result;

    return (struct ledger_total){
        .label = slice_of(PQgetvalue(result, index, TOTAL_LABEL)),
        .id = slice_of(PQgetvalue(result, index, TOTAL_ID)),
        .hourly = PQgetisnull(result, index, TOTAL_HOURLY) ? LEDGER_NONE : postgres_number(result, index, TOTAL_HOURLY),
        .speed = PQgetisnull(result, index, TOTAL_SPEED) ? LEDGER_NONE : postgres_number(result, index, TOTAL_SPEED),
    };
}

void ledger_totals_release(struct ledger_totals *totals)
{
    postgres_clear(&totals->result);
}

int ledger_counters(struct postgres *postgres, struct ledger_counters *ret_counters, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_ledger, NULL, &result, error))
        return error_context(error, "could not read the counters");
    *ret_counters = (struct ledger_counters){
        .totalled = postgres_number(result, 0, COUNTER_TOTALLED),
        .totalled_bytes = postgres_number(result, 0, COUNTER_TOTALLED_BYTES),
        .archived = postgres_number(result, 0, COUNTER_ARCHIVED),
        .archived_bytes = postgres_number(result, 0, COUNTER_ARCHIVED_BYTES),
        .rejected = postgres_number(result, 0, COUNTER_REJECTED),
        .hour_rows = postgres_number(result, 0, COUNTER_HOUR_ROWS),
        .hour_bytes = postgres_number(result, 0, COUNTER_HOUR_BYTES),
        .rejected_counts = postgres_number(result, 0, COUNTER_REJECTED_COUNTS),
    };
    return 0;
}

int ledger_rejected(struct postgres *postgres, void (*take)(void *context, const char *reason, int64_t messages),
                    void *context, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_rejected_reasons, NULL, &result, error))
        return error_context(error, "could not count rejected messages");
    for (int i = 0; i < PQntuples(result); i++)
        take(context, PQgetvalue(result, i, 0), postgres_number(result, i, 1));
    return 0;
}
