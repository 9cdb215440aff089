/*
 * What a connection is made of, for the files of this folder that speak libpq: connection.c opens it, client.c runs
 * statements, and pipeline.c sends them without waiting.
 */
#ifndef ANTENNA_POSTGRES_CONNECTION_H
#define ANTENNA_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"
#include "postgres/sqlstate.h"

struct postgres {
    PGconn *connection;
    char sqlstate[SQLSTATE_SIZE]; /* of the last failed statement; "": none */
};

/** Sets the error to the first line of a message of libpq's. Returns -1. */
int connection_message(struct error *error, enum error_code code, const char *text);

/** Whether a statement has succeeded, by its result. */
bool connection_succeeded(const PGresult *result);

/** Fails with ERROR_FAILED unless a COMMIT has committed: of a transaction that has failed it is answered ROLLBACK. */
int connection_check_commit(PGresult *result, struct error *error) must_check;

/** Sets the error of a statement that failed with this result (NULL: libpq has none). Returns -1. */
int connection_fail(struct postgres *postgres, const PGresult *result, struct error *error);

#endif
