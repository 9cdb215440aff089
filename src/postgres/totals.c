#include "postgres/totals.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "postgres/sql.h"

struct array totals_labels(total_kind_set kinds)
{
    const char *names[TOTAL_KINDS];
    struct array labels = {0};
    size_t count = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind))
            names[count++] = total_kinds[kind].label;
    array_of_texts(&labels, names, count);
    return labels;
}

/* Kinds go as numbers, into an array of their labels that each statement has once: labels in each row would be a large
 * part of it. */
static void begin_statement(struct totals_writer *writer)
{
    columns_begin(&writer->rows,
                  (const enum array_element[]){ARRAY_TIMESTAMP, ARRAY_INTEGER, ARRAY_TEXT, ARRAY_BIGINT, ARRAY_END});
}

static void begin(struct totals_writer *writer, const char *sql, const char *table)
{
    *writer = (struct totals_writer){.table = table, .sql = postgres_with_table(sql, "table", table)};
    writer->label_names = totals_labels(~0u);
    begin_statement(writer);
}

void totals_begin_adding(struct totals_writer *writer, struct pipeline *pipeline, const char *table)
{
    begin(writer, sql_add_totals, table);
    writer->pipeline = pipeline;
}

void totals_begin_adding_here(struct totals_writer *writer, struct postgres *postgres, const char *table)
{
    begin(writer, sql_add_totals, table);
    writer->postgres = postgres;
}

void totals_begin_inserting(struct totals_writer *writer, struct postgres *postgres, const char *table)
{
    begin(writer, sql_insert_totals, table);
    writer->postgres = postgres;
}

int totals_begin_replacing(struct totals_writer *writer, struct postgres *postgres, const char *table, int64_t hour,
                           struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_delete_hour, "table", table);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql, &parameters, error))
        return error_context(error, "could not remove the hour's totals");
    totals_begin_inserting(writer, postgres, table);
    return 0;
}

void totals_writer_release(struct totals_writer *writer)
{
    free(writer->sql);
    columns_release(&writer->rows);
    array_release(&writer->label_names);
}

int totals_write(struct totals_writer *writer, int64_t date, enum total_kind kind, struct slice id, int64_t value,
                 struct error *error)
{
    columns_add(&writer->rows, (const union element[]){{date}, {(int64_t)kind + 1}, {.bytes = id}, {value}});
    return columns_rows(&writer->rows) < TOTALS_STATEMENT_ROWS ? 0 : totals_flush(writer, error);
}

/* Both ways check the number of written rows: a trigger that drops some would lose totals without a word. */
static int run(struct totals_writer *writer, const struct parameters *parameters, struct error *error)
{
    size_t rows = columns_rows(&writer->rows);

    return writer->postgres ? written_run(writer->postgres, writer->sql, parameters, writer->table, rows, error)
                            : pipeline_send(writer->pipeline, writer->sql, parameters,
                                            (struct pipeline_statement){.table = writer->table, .rows = rows}, error);
}

int totals_flush(struct totals_writer *writer, struct error *error)
{
    struct parameters parameters = {0};

    if (columns_rows(&writer->rows) == 0)
        return 0;
    parameters_columns(&parameters, &writer->rows);
    parameters_array(&parameters, &writer->label_names);
    if (run(writer, &parameters, error))
        return error_context(error, "could not write the totals to table \"%s\"", writer->table);
    begin_statement(writer);
    return 0;
}

/* A statement about hours: its text and its parameters. */
struct hours_statement {
    char *sql;
    struct columns hours;
    struct parameters parameters;
};

static void release_statement(struct hours_statement *statement)
{
    free(statement->sql);
    columns_release(&statement->hours);
}

static void prepare(struct hours_statement *statement, const char *sql, const char *table,
                    const struct hour_bytes *added, size_t count)
{
    statement->sql = postgres_with_table(sql, "table", table);
    columns_begin(&statement->hours, (const enum array_element[]){ARRAY_TIMESTAMP, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < count; i++)
        columns_add(&statement->hours, (const union element[]){{added[i].hour}, {added[i].bytes}});
    parameters_columns(&statement->parameters, &statement->hours);
}

int totals_count_hours(struct pipeline *pipeline, const char *table, const struct hour_bytes *added, size_t count,
                       struct error *error)
{
    cleanup(release_statement) struct hours_statement statement = {0};
    cleanup(array_release) struct array events = {0};

    prepare(&statement, sql_count_hours, table, added, count);
    array_begin(&events, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++)
        array_add(&events, (union element){.number = added[i].events});
    parameters_array(&statement.parameters, &events);
    return pipeline_send(pipeline, statement.sql, &statement.parameters,
                         (struct pipeline_statement){.table = "antenna.hour_bytes", .rows = count}, error);
}

int totals_find_full(struct postgres *postgres, const char *table, const struct hour_bytes *added, size_t count,
                     struct hour_bytes *ret_full, size_t *ret_count, struct error *error)
{
    cleanup(release_statement) struct hours_statement statement = {0};
    cleanup(postgres_clear) PGresult *result = NULL;

    prepare(&statement, sql_select_full_hours, table, added, count);
    if (postgres_run(postgres, statement.sql, &statement.parameters, &result, error))
        return error_context(error, "could not look for hours that are full");
    *ret_count = (size_t)PQntuples(result);
    for (int i = 0; i < PQntuples(result); i++)
        ret_full[i] = (struct hour_bytes){postgres_number(result, i, 0), postgres_number(result, i, 1), 0};
    return 0;
}

int totals_any_nearly_full(struct postgres *postgres, struct array *hours, bool *ret_any, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_array(&parameters, hours);
    if (postgres_run(postgres, sql_count_nearly_full, &parameters, &result, error))
        return error_context(error, "could not look for hours that are nearly full");
    *ret_any = postgres_number(result, 0, 0) != 0;
    return 0;
}

/* How many of the kinds have that unit. */
static int64_t count_unit(total_kind_set kinds, enum total_unit unit)
{
    int64_t count = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        count += total_kind_in(kinds, kind) && total_kinds[kind].unit == unit;
    return count;
}

/* Counts rows and sums, not rows alone: a trigger may also change values. Each kind of a unit sums up all events, so
 * its expected sum is that of the hour, and the statement multiplies it by the number of kinds. */
int totals_check_hour(struct postgres *postgres, const char *table, int64_t hour, const struct totals_hour *written,
                      struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_count_hour, "table", table);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    parameters_number(&parameters, count_unit(written->kinds, TOTAL_UNIT_BYTES));
    parameters_number(&parameters, written->bytes);
    parameters_number(&parameters, count_unit(written->kinds, TOTAL_UNIT_EVENTS));
    parameters_number(&parameters, written->events);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not count the hour's totals");
    return written_check(postgres, table, written->rows, postgres_number(result, 0, 0), error);
}

enum total_column { TOTAL_LABEL, TOTAL_ID, TOTAL_VALUE };

static int fetch(struct earlier_totals *totals, struct error *error)
{
    earlier_totals_release(totals);
    totals->next = 0;
    if (postgres_run(totals->postgres, sql_fetch_hour_totals, NULL, &totals->rows, error))
        return error_context(error, "could not read the hour's totals");
    return 0;
}

/* By a cursor: it sees the rows as they were before the transaction deletes them, and the client has memory for one
 * part of them at a time. */
int earlier_totals_hold(struct earlier_totals *totals, struct postgres *postgres, const char *bytes_hourly,
                        int64_t hour, struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_hold_hour_totals, "bytes_hourly", bytes_hourly);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql, &parameters, error))
        return error_context(error, "could not read the hour's totals");
    totals->postgres = postgres;
    return fetch(totals, error);
}

int earlier_totals_peek(struct earlier_totals *totals, struct earlier_total *ret_total, struct error *error)
{
    if (totals->rows && totals->next > 0 && totals->next == PQntuples(totals->rows) && fetch(totals, error))
        return -1;
    if (!totals->rows || totals->next == PQntuples(totals->rows))
        return 1;
    *ret_total = (struct earlier_total){
        .label = slice_of(PQgetvalue(totals->rows, totals->next, TOTAL_LABEL)),
        .id = slice_of(PQgetvalue(totals->rows, totals->next, TOTAL_ID)),
        .value = postgres_number(totals->rows, totals->next, TOTAL_VALUE),
    };
    return 0;
}

void earlier_totals_skip(struct earlier_totals *totals)
{
    invariant(totals->next < PQntuples(totals->rows));
    totals->next++;
}

void earlier_totals_release(struct earlier_totals *totals)
{
    postgres_clear(&totals->rows);
}
