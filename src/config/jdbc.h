/*
 * Where PostgreSQL is, in libpq's words. A JDBC address (`jdbc:postgresql://host:port/database?property=value`, as the
 * PostgreSQL JDBC driver documents it) is translated; a libpq URI or conninfo string is passed on.
 */
#ifndef ANTENNA_CONFIG_JDBC_H
#define ANTENNA_CONFIG_JDBC_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/* Keywords that one address may set, password and our own defaults included. */
#define JDBC_KEYWORDS_MAX 32

/** Keyword and value pairs for PQconnectdbParams, ended by a NULL keyword. Owned texts. */
struct jdbc_address {
    char *keywords[JDBC_KEYWORDS_MAX + 1];
    char *values[JDBC_KEYWORDS_MAX + 1];
    size_t count;
};

/**
 * Translates an address. `uri` beginning with `jdbc:` is read by the driver's rules: several hosts, IPv6 in brackets, a
 * missing host (localhost) or database (the user's name); properties that only concern Java are left out; ssl=true
 * without sslmode means verify-full, as for the driver. Error: ERROR_USAGE, naming what is not understood.
 */
int jdbc_parse(const char *uri, struct jdbc_address *ret_address, struct error *error) must_check;

/** Sets a keyword; a value set before is replaced. */
void jdbc_set(struct jdbc_address *address, const char *keyword, const char *value);

/** The value of a keyword, or NULL. */
const char *jdbc_get(const struct jdbc_address *address, const char *keyword);

/**
 * The address of a command's configuration: jdbc-uri with jdbc-user and the password (argument, or --password-file;
 * else libpq looks at PGPASSWORD and ~/.pgpass). Error: ERROR_USAGE or, for the file, ERROR_MISTAKE.
 */
int jdbc_from_config(const struct config *config, struct jdbc_address *ret_address, struct error *error) must_check;

/** Frees the texts and wipes the password. Fits cleanup(). */
void jdbc_release(struct jdbc_address *address);

#endif
