#include "postgres/rights.h"

#include "base/memory.h"
#include "postgres/schema.h"
#include "postgres/sql.h"

int rights_missing(struct postgres *postgres, const struct config *config, enum role_id id, struct buffer *ret_text,
                   struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    cleanup(memory_free) char *bytes = schema_with_tables(":\"bytes\"", config);
    cleanup(memory_free) char *bytes_hourly = schema_with_tables(":\"bytes_hourly\"", config);
    cleanup(memory_free) char *user_metadata = schema_with_tables(":\"user_metadata\"", config);
    cleanup(memory_free) char *user_quota_limit = schema_with_tables(":\"user_quota_limit\"", config);
    struct parameters parameters = {0};

    parameters_text(&parameters, roles[id].name);
    parameters_text(&parameters, bytes);
    parameters_text(&parameters, bytes_hourly);
    parameters_text(&parameters, user_metadata);
    parameters_text(&parameters, user_quota_limit);
    if (postgres_run(postgres, sql_select_missing_rights, &parameters, &result, error))
        return error_context(error, "could not ask for the rights of the user");
    buffer_text(ret_text, PQgetvalue(result, 0, 0));
    return 0;
}
