#include "postgres/totals.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/sql.h"

static void begin_statement(struct totals_writer *writer)
{
    array_begin(&writer->dates, ARRAY_TIMESTAMP);
    array_begin(&writer->labels, ARRAY_INTEGER);
    array_begin(&writer->ids, ARRAY_TEXT);
    array_begin(&writer->values, ARRAY_BIGINT);
}

static void begin(struct totals_writer *writer, struct postgres *postgres, const char *sql, const char *table,
                  struct totals_labels labels)
{
    const char *const tables[][2] = {{"table", table}, {NULL, NULL}};

    *writer = (struct totals_writer){.postgres = postgres, .sql = postgres_with_tables(sql, tables)};
    array_begin(&writer->label_names, ARRAY_TEXT);
    for (int i = 0; i < labels.count; i++)
        array_add_bytes(&writer->label_names, slice_of(labels.names[i]));
    begin_statement(writer);
}

void totals_begin_adding(struct totals_writer *writer, struct postgres *postgres, const char *table,
                         struct totals_labels labels)
{
    begin(writer, postgres, sql_add_totals, table, labels);
}

int totals_begin_replacing(struct totals_writer *writer, struct postgres *postgres, const char *table, int64_t hour,
                           struct totals_labels labels, struct error *error)
{
    const char *const tables[][2] = {{"table", table}, {NULL, NULL}};
    cleanup(memory_free) char *sql = postgres_with_tables(sql_delete_hour, tables);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql, &parameters, error))
        return error_context(error, "could not remove the hour's totals");
    begin(writer, postgres, sql_insert_totals, table, labels);
    return 0;
}

void totals_writer_release(struct totals_writer *writer)
{
    free(writer->sql);
    array_release(&writer->dates);
    array_release(&writer->labels);
    array_release(&writer->ids);
    array_release(&writer->values);
    array_release(&writer->label_names);
}

int totals_write(struct totals_writer *writer, int64_t date, int label, struct slice id, int64_t value,
                 struct error *error)
{
    array_add_timestamp(&writer->dates, date);
    array_add_integer(&writer->labels, label + 1);
    array_add_bytes(&writer->ids, id);
    array_add_bigint(&writer->values, value);
    return writer->dates.count < TOTALS_STATEMENT_ROWS ? 0 : totals_flush(writer, error);
}

int totals_flush(struct totals_writer *writer, struct error *error)
{
    struct parameters parameters = {0};

    if (writer->dates.count == 0)
        return 0;
    parameters_array(&parameters, &writer->dates);
    parameters_array(&parameters, &writer->labels);
    parameters_array(&parameters, &writer->ids);
    parameters_array(&parameters, &writer->values);
    parameters_array(&parameters, &writer->label_names);
    if (postgres_do(writer->postgres, writer->sql, &parameters, error))
        return error_context(error, "could not write the totals");
    begin_statement(writer);
    return 0;
}
