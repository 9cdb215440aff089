#include "postgres/roles.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "postgres/schema.h"
#include "postgres/sql.h"

const struct role roles[ROLES] = {
    [ROLE_SPEED] = {"antenna_speed", OPTION_SPEED_PASSWORD_FILE},
    [ROLE_BATCH] = {"antenna_batch", OPTION_BATCH_PASSWORD_FILE},
    [ROLE_READER] = {"antenna_reader", OPTION_READER_PASSWORD_FILE},
    [ROLE_NOTIFY] = {"antenna_notify", OPTION_NOTIFY_PASSWORD_FILE},
};

/* The rights on tables and views; sql_grant_places does the rest for any role. */
static const char *const grants[ROLES] = {
    [ROLE_SPEED] = sql_grant_speed,
    [ROLE_BATCH] = sql_grant_batch,
    [ROLE_READER] = sql_grant_reader,
    [ROLE_NOTIFY] = sql_grant_notify,
};

static int fail(const struct postgres *postgres, const struct config *config, const struct role *role,
                struct error *error)
{
    error_context(error, "could not make the role %s", role->name);
    if (strcmp(postgres_sqlstate(postgres), SQLSTATE_INSUFFICIENT_PRIVILEGE) == 0)
        error_hint(error,
                   "run it as a role that has CREATEROLE and owns the database, or have an administrator do ALTER ROLE "
                   "%s CREATEROLE; without --%s the role is not made",
                   config_text(config, OPTION_JDBC_USER), option_table[role->password_file].name);
    return -1;
}

/* CREATE ROLE takes no parameters, and names are never pasted into SQL. So the name and the verifier of the password
 * are passed as settings of this transaction, which the script reads and quotes. */
static int set_role(struct postgres *postgres, const char *name, struct error *error)
{
    struct parameters parameters = {0};

    parameters_text(&parameters, name);
    return postgres_do(postgres, sql_set_role, &parameters, error);
}

static int set_verifier(struct postgres *postgres, const char *name, const char *password, struct error *error)
{
    struct parameters parameters = {0};
    char *verifier;
    int status;

    if (postgres_encrypt_password(postgres, name, password, &verifier, error))
        return -1;
    parameters_text(&parameters, verifier);
    status = postgres_do(postgres, sql_set_verifier, &parameters, error);
    PQfreemem(verifier);
    return status;
}

/* Runs a statement about the role, and returns its number. */
static int ask(struct postgres *postgres, const char *sql, const char *name, int64_t *ret_number, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, name);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return -1;
    *ret_number = postgres_number(result, 0, 0);
    return 0;
}

static int set_login(struct postgres *postgres, enum role_id id, const char *password, bool *ret_created,
                     struct error *error)
{
    const char *name = roles[id].name;
    int64_t count = 0;

    if (ask(postgres, sql_count_roles, name, &count, error) || set_role(postgres, name, error) ||
        set_verifier(postgres, name, password, error) || postgres_script(postgres, sql_create_role, error) ||
        (id == ROLE_READER && postgres_script(postgres, sql_limit_reader, error)))
        return -1;
    *ret_created = count == 0;
    return 0;
}

/* Our roles also have the rights of PUBLIC. Only the owner of the schema may revoke those, so this only warns. */
static int warn_of_create_right(struct postgres *postgres, const char *role, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, role);
    if (postgres_run(postgres, sql_select_creatable, &parameters, &result, error))
        return -1;
    if (*PQgetvalue(result, 0, 0))
        log_line(
            LEVEL_WARNING,
            "the role %s may create tables in the schema %s, as every role may before PostgreSQL 15: have its owner "
            "REVOKE CREATE ON SCHEMA %s FROM PUBLIC",
            role, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 0));
    return 0;
}

static int grant(struct postgres *postgres, const struct config *config, enum role_id id, struct error *error)
{
    cleanup(memory_free) char *rights = schema_with_tables(grants[id], config);

    if (set_role(postgres, roles[id].name, error) || postgres_script(postgres, rights, error))
        return -1;
    if (postgres_script(postgres, sql_grant_places, error))
        return -1;
    return warn_of_create_right(postgres, roles[id].name, error);
}

int role_create(struct postgres *postgres, const struct config *config, enum role_id id, const char *password,
                bool *ret_created, struct error *error)
{
    if (set_login(postgres, id, password, ret_created, error) || grant(postgres, config, id, error))
        return fail(postgres, config, &roles[id], error);
    return 0;
}

int role_renew(struct postgres *postgres, const struct config *config, enum role_id id, struct error *error)
{
    int64_t known = 0;

    if (ask(postgres, sql_has_rights, roles[id].name, &known, error) || (known && grant(postgres, config, id, error)))
        return error_context(error, "could not renew the rights of the role %s", roles[id].name);
    return 0;
}

int rights_missing(struct postgres *postgres, const struct config *config, enum role_id id,
                   struct missing_rights *ret_missing, struct error *error)
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
    ret_missing->count = postgres_number(result, 0, 0);
    buffer_text(&ret_missing->text, PQgetvalue(result, 0, 1));
    return 0;
}
