#include "postgres/earlier_totals.h"

#include "base/memory.h"
#include "postgres/sql.h"

enum total_column { TOTAL_LABEL, TOTAL_ID, TOTAL_VALUE };

static int fetch(struct earlier_totals *totals, struct error *error)
{
    earlier_totals_release(totals);
    totals->next = 0;
    if (postgres_run(totals->postgres, sql_fetch_hour_totals, NULL, &totals->rows, error))
        return error_context(error, "could not read the hour's totals");
    return 0;
}

int earlier_totals_hold(struct earlier_totals *totals, struct postgres *postgres, const char *bytes_hourly,
                        int64_t hour, struct error *error)
{
    const char *const tables[][2] = {{"bytes_hourly", bytes_hourly}, {NULL, NULL}};
    cleanup(memory_free) char *sql = postgres_with_tables(sql_hold_hour_totals, tables);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql, &parameters, error))
        return error_context(error, "could not read the hour's totals");
    totals->postgres = postgres;
    return fetch(totals, error);
}

int earlier_totals_look(struct earlier_totals *totals, struct earlier_total *ret_total, struct error *error)
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

void earlier_totals_pass(struct earlier_totals *totals)
{
    totals->next++;
}

void earlier_totals_release(struct earlier_totals *totals)
{
    postgres_clear(&totals->rows);
}
