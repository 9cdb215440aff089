/*
 * What a connection is made of, for the files of this folder that speak libpq: connection.c opens it, client.c runs
 * statements, and pipeline.c sends them without waiting.
 */
#ifndef ANTENNA_POSTGRES_CONNECTION_H
#define ANTENNA_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "postgres/sqlstate.h"

struct postgres {
    PGconn *connection;           /* non-blocking: connection_wait() is the only place that waits for the server */
    char sqlstate[SQLSTATE_SIZE]; /* of the last failed statement; "": none */
    int64_t sent_ms;              /* when the last statement was sent, by time_monotonic_ms() */
};

/** Sets the error to the first line of a message of libpq's. Returns -1. */
int connection_message(struct error *error, enum error_code code, const char *text);

/** Whether a statement has succeeded, by its result. */
bool connection_succeeded(const PGresult *result);

/** Fails with ERROR_FAILED unless a COMMIT has committed: of a transaction that has failed it is answered ROLLBACK. */
int connection_check_commit(PGresult *result, struct error *error) must_check;

/** Sets the error of a statement that failed with this result (NULL: libpq has none). Returns -1. */
int connection_fail(struct postgres *postgres, const PGresult *result, struct error *error);

/**
 * Waits until the server has sent something, or takes more if libpq has `unsent` data; it may return earlier. Without a
 * time limit, as a long statement is no failure and TCP notices a server that has vanished. But once a signal has asked
 * for a stop, a server that sends nothing to any connection of the process for 5 s is given up: this connection is
 * closed, ERROR_UNAVAILABLE.
 */
int connection_wait(struct postgres *postgres, bool unsent, struct error *error) must_check;

/** Runs several statements like postgres_script() and returns the result of the last one. Free it with PQclear(). */
int connection_script(struct postgres *postgres, const char *sql, PGresult **ret_result, struct error *error)
    must_check;

#endif
