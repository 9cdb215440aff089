/*
 * What a PostgreSQL error asks of us, by its SQLSTATE: the words of a message depend on the server's language and on
 * a pooler that answers instead of it.
 */
#ifndef ANTENNA_POSTGRES_SQLSTATE_H
#define ANTENNA_POSTGRES_SQLSTATE_H

#include "base/error.h"

/** What helps where all connections are in use, or fewer are left than wanted. */
#define POSTGRES_FIX_CONNECTIONS                                                                                       \
    "raise max_connections, or the limit of the role or database, or close what is not needed"

/** Bytes of an SQLSTATE with its NUL. */
#define SQLSTATE_SIZE 6

/** A right is missing. */
#define SQLSTATE_INSUFFICIENT_PRIVILEGE "42501"

/** When the server or a pooler refused. */
enum sqlstate_phase {
    SQLSTATE_LOGIN,     /* an unknown code is ERROR_UNAVAILABLE: a retry is safe, and poolers invent codes */
    SQLSTATE_STATEMENT, /* an unknown code is ERROR_FAILED */
};

/** Sets code and hint of an error whose message is the server's. */
void sqlstate_judge(enum sqlstate_phase phase, const char *sqlstate, struct error *error);

/**
 * Finds the last SQLSTATE in a message of a failed login of verbosity PQERRORS_VERBOSE. Returns the line that has it,
 * or NULL when no server has answered.
 */
const char *sqlstate_find(const char *message, char ret_sqlstate[SQLSTATE_SIZE]);

#endif
