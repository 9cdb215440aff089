/*
 * Where PostgreSQL is, in libpq's words. A JDBC address (`jdbc:postgresql://host:port/database?property=value`) is read
 * as PostgreSQL's JDBC driver reads it (jdbc_driver.h); a libpq URI or conninfo string is read by libpq.
 */
#ifndef ANTENNA_CONFIG_JDBC_H
#define ANTENNA_CONFIG_JDBC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/* Keywords that one address may set; libpq 18 knows 52. */
#define JDBC_KEYWORDS_MAX 64

/** Keyword and value pairs for PQconnectdbParams, ended by a NULL keyword. Owned texts. */
struct jdbc_address {
    char *keywords[JDBC_KEYWORDS_MAX + 1];
    char *values[JDBC_KEYWORDS_MAX + 1];
    size_t count;
};

/**
 * Reads an address. One that begins with `jdbc:` becomes what the driver makes of it; its keyword dbname is "" where
 * the database is that of the user's name. Error: ERROR_USAGE, naming what is not understood or cannot be honoured.
 */
int jdbc_parse(const char *uri, struct jdbc_address *ret_address, struct error *error) must_check;

/** Sets a keyword; a value set before is replaced. */
void jdbc_set(struct jdbc_address *address, const char *keyword, const char *value);

/** The value of a keyword, or NULL. */
const char *jdbc_get(const struct jdbc_address *address, const char *keyword);

/**
 * The address of a command's configuration: jdbc-uri with jdbc-user and the password (argument, or --password-file;
 * else libpq looks at PGPASSWORD and ~/.pgpass). Error: ERROR_USAGE or, for the file, ERROR_CONFIGURATION.
 */
int jdbc_from_config(const struct config *config, struct jdbc_address *ret_address, struct error *error) must_check;

/** Whether the libpq of this process knows the keyword. */
bool jdbc_is_keyword(const char *keyword) must_check;

/**
 * Fills an ERROR_USAGE from libpq's message about an address, without what it quotes of it, which may be a part of the
 * password. Returns -1.
 */
int jdbc_refuse(const char *message, struct error *error);

/** Frees the texts and wipes the password. Fits cleanup(). */
void jdbc_release(struct jdbc_address *address);

#endif
