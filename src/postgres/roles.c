#include "postgres/roles.h"

#include <string.h>

#include "base/memory.h"
#include "postgres/schema.h"
#include "postgres/sql.h"

#define INSUFFICIENT_PRIVILEGE "42501"

const struct role roles[ROLES] = {
    [ROLE_SPEED] = {"antenna_speed", OPTION_SPEED_PASSWORD_FILE},
    [ROLE_BATCH] = {"antenna_batch", OPTION_BATCH_PASSWORD_FILE},
    [ROLE_READER] = {"antenna_reader", OPTION_READER_PASSWORD_FILE},
};

/* The rights on tables and views; sql_grant_places does the rest for any role. */
static const char *const grants[ROLES] = {
    [ROLE_SPEED] = sql_grant_speed,
    [ROLE_BATCH] = sql_grant_batch,
    [ROLE_READER] = sql_grant_reader,
};

static int fail(const struct postgres *postgres, const struct config *config, const struct role *role,
                struct error *error)
{
    error_context(error, "could not make the role %s", role->name);
    if (strcmp(postgres_sqlstate(postgres), INSUFFICIENT_PRIVILEGE) == 0)
        error_hint(error,
                   "run it as a role that has CREATEROLE and owns the database, or have an administrator do ALTER ROLE "
                   "%s CREATEROLE; without --%s the role is not made",
                   config_text(config, OPTION_JDBC_USER), option_table[role->password_file].name);
    return -1;
}

/* Name and verifier of the password travel in settings of this transaction: statements that make roles take no
 * parameters. */
static int set_login(struct postgres *postgres, const char *name, const char *password, bool *ret_created,
                     struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters role = {0}, settings = {0};
    char *verifier;
    int status;

    parameters_text(&role, name);
    if (postgres_run(postgres, sql_count_roles, &role, &result, error) ||
        postgres_encrypt_password(postgres, name, password, &verifier, error))
        return -1;
    parameters_text(&settings, name);
    parameters_text(&settings, verifier);
    status = postgres_do(postgres, sql_set_role, &settings, error);
    PQfreemem(verifier);
    if (status || postgres_script(postgres, sql_create_role, error))
        return -1;
    *ret_created = postgres_number(result, 0, 0) == 0;
    return 0;
}

int role_create(struct postgres *postgres, const struct config *config, enum role_id id, const char *password,
                bool *ret_created, struct error *error)
{
    cleanup(memory_free) char *rights = schema_with_tables(grants[id], config);

    if (set_login(postgres, roles[id].name, password, ret_created, error) || postgres_script(postgres, rights, error) ||
        postgres_script(postgres, sql_grant_places, error))
        return fail(postgres, config, &roles[id], error);
    return 0;
}
