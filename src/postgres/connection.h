/* What a connection is made of, for the files of this folder that speak libpq: client.c and pipeline.c. */
#ifndef ANTENNA_POSTGRES_CONNECTION_H
#define ANTENNA_POSTGRES_CONNECTION_H

#include <libpq-fe.h>

#include "base/error.h"
#include "postgres/sqlstate.h"

struct postgres {
    PGconn *connection;
    char sqlstate[SQLSTATE_SIZE]; /* of the last failed statement; "": none */
};

/** Sets the error of a statement that failed with this result (NULL: libpq has none). Returns -1. */
int connection_fail(struct postgres *postgres, const PGresult *result, struct error *error);

#endif
