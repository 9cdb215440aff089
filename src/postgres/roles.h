/*
 * The roles that jobs and dashboards log in as, each with the rights that it needs and no other, and what of these
 * rights the session's user has, whatever its name is. A role belongs to the whole server, its rights to one database.
 */
#ifndef ANTENNA_POSTGRES_ROLES_H
#define ANTENNA_POSTGRES_ROLES_H

#include "base/buffer.h"
#include "config/config.h"
#include "postgres/client.h"

enum role_id {
    ROLE_SPEED,  /* runs speed */
    ROLE_BATCH,  /* runs batch, verify and status */
    ROLE_READER, /* reads what dashboards show and changes nothing */
    ROLE_NOTIFY, /* runs notify */
    ROLES
};

struct role {
    const char *name;
    enum option_id password_file; /* the option that asks for it */
};

/** Indexed by role_id. */
extern const struct role roles[ROLES];

/**
 * Creates a role when it is missing, sets its password and gives it its rights, inside a transaction and after
 * schema_create(). `ret_created`: it was missing. Error: ERROR_CONFIGURATION when the user may not create or change
 * roles.
 */
int role_create(struct postgres *postgres, const struct config *config, enum role_id id, const char *password,
                bool *ret_created, struct error *error) must_check;

/**
 * Gives a role that has rights in this database those on tables and views that are new, inside a transaction and after
 * schema_create(). A role that has none here is left alone.
 */
int role_renew(struct postgres *postgres, const struct config *config, enum role_id id, struct error *error) must_check;

/** What the user lacks of a role's rights: how many, and which, as "INSERT on antenna.loss, …". */
struct missing_rights {
    int64_t count;
    struct buffer text;
};

/**
 * Finds what the user lacks of the role's rights. Of tables that do not exist nothing is said. Release the text.
 * Errors: as postgres_run().
 */
int rights_missing(struct postgres *postgres, const struct config *config, enum role_id id,
                   struct missing_rights *ret_missing, struct error *error) must_check;

#endif
