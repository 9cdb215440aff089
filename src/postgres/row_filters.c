#include "postgres/row_filters.h"

#include "postgres/contract.h"
#include "postgres/sql.h"

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
