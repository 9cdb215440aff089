#include "postgres/schema_version.h"

#include <inttypes.h>

static int refuse_version(int64_t version, struct error *error)
{
    error_set(error, ANT_SCHEMA_VERSION, "the schema antenna has version %" PRId64 " instead of %d", version,
              SCHEMA_VERSION);
    if (version > SCHEMA_VERSION)
        return error_hint(error, "use the version of the program that made it, or a newer one");
    return error_hint(error,
                      "stop all jobs, make a backup, and run antenna provision with this version of the program; see "
                      "Upgrade in the operators' guide");
}

static int read_version(struct postgres *postgres, int64_t *ret_version, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_schema_version, NULL, &result, error))
        return error_context(error, "could not read the version of the schema antenna");
    *ret_version = postgres_number(result, 0, 0);
    return 0;
}

/* Applies the migration that leads to `version`. */
static int apply(struct postgres *postgres, int version, struct error *error)
{
    struct parameters parameters = {0};

    parameters_number(&parameters, version);
    if (postgres_script(postgres, sql_migrations[version - 1], error) ||
        postgres_do(postgres, sql_note_version, &parameters, error))
        return error_context(error, "could not take the schema antenna to version %d", version);
    return 0;
}

/* In the transaction of provision, which holds its lock: two programs cannot apply a migration twice. A schema that is
 * newer than the program is refused, as its rules are unknown. */
int schema_migrate(struct postgres *postgres, int64_t *ret_before, struct error *error)
{
    int64_t before = 0;
    bool has = false;

    if (schema_has_bookkeeping(postgres, &has, error) || (has && read_version(postgres, &before, error)))
        return -1;
    if (before > SCHEMA_VERSION)
        return refuse_version(before, error);
    for (int version = (int)before + 1; version <= SCHEMA_VERSION; version++)
        if (apply(postgres, version, error))
            return -1;
    *ret_before = before;
    return 0;
}

/* Only the own version: an older program could write rows that break an invariant of a newer schema. */
int schema_check_version(struct postgres *postgres, struct error *error)
{
    int64_t version = 0;

    if (read_version(postgres, &version, error))
        return -1;
    return version == SCHEMA_VERSION ? 0 : refuse_version(version, error);
}

int schema_has_bookkeeping(struct postgres *postgres, bool *ret_has, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_has_bookkeeping, NULL, &result, error))
        return error_context(error, "could not look for the schema antenna");
    *ret_has = postgres_number(result, 0, 0) != 0;
    return 0;
}
