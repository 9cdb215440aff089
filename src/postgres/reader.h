/* The role that dashboards log in as: it may read what they show and change nothing. */
#ifndef ANTENNA_POSTGRES_READER_H
#define ANTENNA_POSTGRES_READER_H

#include "config/config.h"
#include "postgres/client.h"

#define READER_ROLE "antenna_reader"

/**
 * Creates the role when it is missing, sets its password and gives it its rights, inside a transaction and after
 * schema_create(). The role belongs to the whole server, its rights to this database. `ret_created`: it was missing.
 * Error: ERROR_MISTAKE when the user may not create or change roles.
 */
int reader_create(struct postgres *postgres, const struct config *config, const char *password, bool *ret_created,
                  struct error *error) must_check;

#endif
