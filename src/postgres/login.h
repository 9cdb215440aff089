/* Logging in with what the configuration says, at every connection of a command. */
#ifndef ANTENNA_POSTGRES_LOGIN_H
#define ANTENNA_POSTGRES_LOGIN_H

#include "config/config.h"
#include "postgres/client.h"

/** How long a service that was logged in tries again when it is refused: a new password needs time to get from
 * PostgreSQL to the file, two minutes where Kubernetes carries it. */
#define LOGIN_GRACE_MS 300000

/**
 * Opens a connection by the configuration's address, with the password file as it is now. Errors: ERROR_USAGE,
 * ERROR_MISTAKE and ERROR_WORLD of jdbc_from_config() and postgres_open(). An ERROR_MISTAKE of a process that was
 * logged in before is ERROR_WORLD for LOGIN_GRACE_MS, unless its password came by argument or environment, which no
 * rotation reaches. Any thread may call it.
 */
int login(const struct config *config, struct postgres **ret_postgres, struct error *error) must_check;

#endif
