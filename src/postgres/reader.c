#include "postgres/reader.h"

#include <string.h>

#include "base/memory.h"
#include "postgres/schema.h"
#include "postgres/sql.h"

#define INSUFFICIENT_PRIVILEGE "42501"

static int fail(const struct postgres *postgres, const struct config *config, struct error *error)
{
    error_context(error, "could not make the role " READER_ROLE);
    if (strcmp(postgres_sqlstate(postgres), INSUFFICIENT_PRIVILEGE) == 0)
        error_hint(error,
                   "run it as a role that has CREATEROLE and owns the database, or have an administrator do ALTER ROLE "
                   "%s CREATEROLE; without --reader-password-file no role is made",
                   config_text(config, OPTION_JDBC_USER));
    return -1;
}

/* The password travels as its verifier in a setting of this transaction: statements that make roles take no parameters.
 */
static int set_login(struct postgres *postgres, const char *password, bool *ret_created, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters role = {0}, setting = {0};
    char *verifier;
    int status;

    parameters_text(&role, READER_ROLE);
    if (postgres_run(postgres, sql_count_roles, &role, &result, error) ||
        postgres_encrypt_password(postgres, READER_ROLE, password, &verifier, error))
        return -1;
    parameters_text(&setting, verifier);
    status = postgres_do(postgres, sql_set_reader_verifier, &setting, error);
    PQfreemem(verifier);
    if (status || postgres_script(postgres, sql_create_reader, error))
        return -1;
    *ret_created = postgres_number(result, 0, 0) == 0;
    return 0;
}

int reader_create(struct postgres *postgres, const struct config *config, const char *password, bool *ret_created,
                  struct error *error)
{
    cleanup(memory_free) char *grants = schema_with_tables(sql_grant_reader, config);

    if (set_login(postgres, password, ret_created, error) || postgres_script(postgres, grants, error))
        return fail(postgres, config, error);
    return 0;
}
