/*
 * One PostgreSQL connection and what can go wrong with it. Only the named operations of this folder use it: each runs
 * the text of one file of sql/ with parameters, never with values pasted into SQL. A connection belongs to one thread.
 *
 * The kind of an error follows from its SQLSTATE (sqlstate.h), at the login, too. After an ERROR_UNAVAILABLE, close the
 * connection and open it again.
 */
#ifndef ANTENNA_POSTGRES_CLIENT_H
#define ANTENNA_POSTGRES_CLIENT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/jdbc.h"
#include "postgres/parameters.h"
#include "postgres/sqlstate.h"

struct postgres;

/**
 * Connects, and sets all that a session relies on (begin_session.sql). Refuses, with ERROR_CONFIGURATION, a server that
 * is too old and a pooler that does not pool by session. Close with postgres_close(). For the doctor, which examines
 * what postgres_open() refuses.
 */
int postgres_connect(const struct jdbc_address *address, struct postgres **ret_postgres, struct error *error)
    must_check;

/** The same for all others: a database that no job can use is refused with ERROR_CONFIGURATION. */
int postgres_open(const struct jdbc_address *address, struct postgres **ret_postgres, struct error *error) must_check;

/** How long a service that was logged in tries again when it is refused: a new password needs time to get from
 * PostgreSQL to the file, two minutes where Kubernetes carries it. */
#define LOGIN_GRACE_MS 300000

/**
 * Opens a connection by the configuration's address, with the password file as it is now: for every connection of a
 * command. Errors: ERROR_USAGE, ERROR_CONFIGURATION and ERROR_UNAVAILABLE of jdbc_from_config() and postgres_open(). An
 * ERROR_CONFIGURATION of a process that was logged in before is ERROR_UNAVAILABLE for LOGIN_GRACE_MS, unless its
 * password came by argument or environment, which no rotation reaches. Any thread may call it.
 */
int login(const struct config *config, struct postgres **ret_postgres, struct error *error) must_check;

/** Closes the connection; NULL is fine. An open transaction is rolled back by the server. */
void postgres_close(struct postgres *postgres);

/** For cleanup(). */
void postgres_cleanup(struct postgres **postgres);

/** Runs one statement with parameters (NULL: none). Free the result with PQclear() or cleanup(postgres_clear). */
int postgres_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, PGresult **ret_result,
                 struct error *error) must_check;

/** Runs one statement whose result does not matter. */
int postgres_do(struct postgres *postgres, const char *sql, const struct parameters *parameters, struct error *error)
    must_check;

/** Runs several statements without parameters, as one transaction unless they say otherwise. */
int postgres_script(struct postgres *postgres, const char *sql, struct error *error) must_check;

/** Begins a transaction, READ COMMITTED. */
int postgres_begin(struct postgres *postgres, struct error *error) must_check;

/** Begins a transaction that only reads, all of it as of one moment. */
int postgres_begin_snapshot(struct postgres *postgres, struct error *error) must_check;

/** Commits. After an ERROR_UNAVAILABLE it is unknown whether the commit took place: read the database, never guess. */
int postgres_commit(struct postgres *postgres, struct error *error) must_check;

/** Rolls back; a failure shows at the next statement. */
void postgres_rollback(struct postgres *postgres);

/** Whether the connection was in order at the last statement. */
bool postgres_is_connected(const struct postgres *postgres) must_check;

/** Whether the connection stays on this machine. */
bool postgres_is_local(const struct postgres *postgres) must_check;

/** SQLSTATE of the last failed statement, "" when there is none. */
const char *postgres_sqlstate(const struct postgres *postgres);

/**
 * What the server keeps instead of a role's password (SCRAM-SHA-256, or what its password_encryption says), so that the
 * password itself is in no statement and no log. Free with PQfreemem().
 */
int postgres_encrypt_password(struct postgres *postgres, const char *role, const char *password, char **ret_verifier,
                              struct error *error) must_check;

/** For cleanup() on a `PGresult *`. */
void postgres_clear(PGresult **result);

/**
 * Puts table names into SQL: each `:"name"` (psql's own way to write a quoted variable) becomes the quoted identifier
 * of the pair with that name; `schema.table` is quoted part by part. Pairs end with a NULL name. Free the text.
 */
char *postgres_with_tables(const char *sql, const char *const pairs[][2]) must_check;

/** The same with one name. */
char *postgres_with_table(const char *sql, const char *name, const char *table) must_check;

/** A copy of a result's field as text. Free it. */
char *postgres_text(const PGresult *result, int row, int column) must_check;

/** int64 of a result's field; 0 when it is NULL. The field must be a whole number in text form. */
int64_t postgres_number(const PGresult *result, int row, int column);

/** How many rows the statement has read or changed. */
size_t postgres_changed(PGresult *result);

/*
 * Whether a table has the rows that were written to it: triggers, rules and row-level security drop or change rows
 * without an error. A transaction that lost rows must not be committed.
 */

/** Fills `error` with ERROR_CONFIGURATION for a table that has `found` rows of those written, and names what may have
 * dropped the others. Always returns -1. */
int written_refuse(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error);

/** Fails like written_refuse() unless as many rows were found as were written. */
int written_check(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
    must_check;

/** The same for the number of rows that a statement reports in its result. */
int written_check_result(struct postgres *postgres, const char *table, size_t written, PGresult *result,
                         struct error *error) must_check;

/** Runs one statement that must write `written` rows to `table`. Errors: those of postgres_run() and written_refuse().
 */
int written_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, const char *table,
                size_t written, struct error *error) must_check;

#endif
