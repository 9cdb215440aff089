/*
 * The versions of the schema `antenna`. Each file of sql/migrations takes it from one version to the next; provision
 * applies those that a database lacks. A job runs with its own version only: of an older schema it would miss tables,
 * of a newer one it cannot know what they mean.
 */
#ifndef ANTENNA_POSTGRES_SCHEMA_VERSION_H
#define ANTENNA_POSTGRES_SCHEMA_VERSION_H

#include "postgres/client.h"
#include "postgres/sql.h"

/** The version of the schema `antenna` that this program reads and writes. */
#define SCHEMA_VERSION SQL_MIGRATIONS

/**
 * Applies what the database lacks, inside a transaction that keeps other provisions out: either all of it comes about
 * with that transaction or nothing. `ret_before`: the version that was found, 0 when the schema was not there. Error:
 * ERROR_CONFIGURATION when the version is newer than ours.
 */
int schema_migrate(struct postgres *postgres, int64_t *ret_before, struct error *error) must_check;

/** Checks that the schema has our version. Error: ERROR_CONFIGURATION, with what to do. */
int schema_check_version(struct postgres *postgres, struct error *error) must_check;

/** Whether the database has the schema `antenna`, that is, our bookkeeping. */
int schema_has_bookkeeping(struct postgres *postgres, bool *ret_has, struct error *error) must_check;

#endif
