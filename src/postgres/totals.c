#include "postgres/totals.h"

#include <stdlib.h>

#include "postgres/sql.h"

static void begin_statement(struct totals_writer *writer)
{
    array_begin(&writer->dates, ARRAY_TIMESTAMP);
    array_begin(&writer->labels, ARRAY_INTEGER);
    array_begin(&writer->ids, ARRAY_TEXT);
    array_begin(&writer->values, ARRAY_BIGINT);
}

void totals_writer_init(struct totals_writer *writer, struct postgres *postgres, const char *table,
                        const char *const *label_names, int count)
{
    const char *const tables[][2] = {{"bytes", table}, {NULL, NULL}};

    *writer = (struct totals_writer){.postgres = postgres, .sql = postgres_with_tables(sql_add_totals, tables)};
    array_begin(&writer->label_names, ARRAY_TEXT);
    for (int i = 0; i < count; i++)
        array_add_bytes(&writer->label_names, slice_of(label_names[i]));
    begin_statement(writer);
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
        return error_context(error, "could not add to the totals");
    begin_statement(writer);
    return 0;
}
