/*
 * Addresses as PostgreSQL's JDBC driver (pgjdbc 42.7) reads them; used by this folder only. First the address becomes
 * properties, as by the driver's Driver.parseURL(), then these become libpq's keywords. A value is never part of an
 * error, for it may be a password.
 */
#ifndef ANTENNA_CONFIG_JDBC_DRIVER_H
#define ANTENNA_CONFIG_JDBC_DRIVER_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/jdbc.h"

#define JDBC_PREFIX "jdbc:postgresql:"

/* The driver's own names for what the address says before its "?". */
#define PROPERTY_HOST "PGHOST"
#define PROPERTY_PORT "PGPORT"
#define PROPERTY_DATABASE "PGDBNAME"

/** The driver's properties, each name once. */
struct jdbc_properties {
    struct {
        char *name;
        char *value;
    } * entries;
    size_t count;
};

/**
 * Reads what follows JDBC_PREFIX: hosts, ports, the database and the properties, of which the last of a name counts.
 * Error: ERROR_USAGE where the driver does not read it, and for what it reads and cannot use, such as [::1]junk.
 */
int jdbc_driver_parse(const char *text, struct jdbc_properties *properties, struct error *error) must_check;

/**
 * Adds libpq's keywords of the properties that need more than another name. Error: ERROR_USAGE for a value that the
 * driver refuses, or that cannot be honoured.
 */
int jdbc_driver_translate(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
    must_check;

/**
 * Adds those of the rest, leaves out what changes nothing here, and refuses by its name what cannot be honoured and
 * what the driver does not know and ignores (ERROR_USAGE).
 */
int jdbc_driver_pass(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
    must_check;

/** The value of a property, or NULL. */
const char *jdbc_property(const struct jdbc_properties *properties, const char *name);

/** Frees the texts and wipes them. Fits cleanup(). */
void jdbc_properties_release(struct jdbc_properties *properties);

#endif
