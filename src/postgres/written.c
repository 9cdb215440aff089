#include "postgres/written.h"

#include <inttypes.h>

#include "postgres/sql.h"

int written_refuse(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, table);
    if (postgres_run(postgres, sql_select_interceptors, &parameters, &result, error))
        return error_context(error, "could not look at table \"%s\"", table);
    error_set(error, ERROR_MISTAKE, "table \"%s\" has %" PRId64 " of the %" PRId64 " rows as they were written: %s",
              table, found, written,
              PQgetisnull(result, 0, 0) ? "another session changes it" : PQgetvalue(result, 0, 0));
    return error_hint(error, "disable what drops or changes rows of this table, and run the command again");
}

int written_check(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
{
    return found == written ? 0 : written_refuse(postgres, table, written, found, error);
}

int written_check_result(struct postgres *postgres, const char *table, size_t written, PGresult *result,
                         struct error *error)
{
    return written_check(postgres, table, (int64_t)written, (int64_t)postgres_changed(result), error);
}

int written_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, const char *table,
                size_t written, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    return postgres_run(postgres, sql, parameters, &result, error)
               ? -1
               : written_check_result(postgres, table, written, result, error);
}
