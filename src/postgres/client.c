#include "postgres/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/connection.h"
#include "postgres/sql.h"

/*
 * What an operator can correct has the table that refused a row, and the row or its key, which the message does not
 * have. A table of our own bookkeeping, or of PostgreSQL's, refuses a row by a defect.
 */
static void add_refused_row(struct error *error, const PGresult *result)
{
    const char *schema = PQresultErrorField(result, PG_DIAG_SCHEMA_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

    if (schema && (strcmp(schema, "antenna") == 0 || strcmp(schema, "pg_catalog") == 0)) {
        error->code = ANT_POSTGRES_ANSWER;
        error->hint[0] = '\0';
        return;
    }
    if (table)
        error_context(error, "table \"%s\"", table);
    if (detail) {
        size_t size = strlen(error->message);

        snprintf(error->message + size, sizeof(error->message) - size, ": %.*s", (int)strcspn(detail, "\n"), detail);
    }
}

int connection_fail(struct postgres *postgres, const PGresult *result, struct error *error)
{
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL, *message;

    postgres->sqlstate[0] = '\0';
    if (PQstatus(postgres->connection) != CONNECTION_OK || !sqlstate) {
        connection_message(error, ANT_POSTGRES_UNAVAILABLE, PQerrorMessage(postgres->connection));
        return PQstatus(postgres->connection) == CONNECTION_OK
                   ? -1
                   : error_context(error, "lost the connection to PostgreSQL");
    }
    memcpy(postgres->sqlstate, sqlstate, SQLSTATE_SIZE - 1);
    message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    connection_message(error, ANT_POSTGRES_ANSWER, message ? message : "no reason given");
    sqlstate_judge(SQLSTATE_STATEMENT, sqlstate, error);
    if (error_kind(error) == ERROR_CONFIGURATION)
        add_refused_row(error, result);
    return -1;
}

bool connection_succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* PostgreSQL answers COMMIT of a failed transaction with success and the tag ROLLBACK: only the tag shows that nothing
 * was committed. */
int connection_check_commit(PGresult *result, struct error *error)
{
    const char *tag = PQcmdStatus(result);

    return strcmp(tag, "COMMIT") == 0 ? 0
                                      : error_set(error, ANT_POSTGRES_ANSWER, "PostgreSQL has answered COMMIT with %s",
                                                  *tag ? tag : "nothing");
}

/* Waits until PQgetResult() returns without waiting. After a lost connection it does, and says so. */
static int await_answer(struct postgres *postgres, struct error *error)
{
    PGconn *connection = postgres->connection;
    int unsent;

    while ((unsent = PQflush(connection)) > 0 || (unsent == 0 && PQisBusy(connection))) {
        if (connection_wait(postgres, unsent > 0, error))
            return -1;
        if (!PQconsumeInput(connection))
            break;
    }
    return 0;
}

/* The last result of what was sent: the first failure ends a script. */
static int take_results(struct postgres *postgres, PGresult **ret_result, struct error *error)
{
    PGresult *next;

    do {
        if (await_answer(postgres, error))
            return -1;
        next = PQgetResult(postgres->connection);
        if (next) {
            PQclear(*ret_result);
            *ret_result = next;
        }
    } while (next);
    return connection_succeeded(*ret_result) || PQresultStatus(*ret_result) == PGRES_EMPTY_QUERY
               ? 0
               : connection_fail(postgres, *ret_result, error);
}

static int finish(struct postgres *postgres, bool sent, PGresult **ret_result, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (!sent)
        return connection_fail(postgres, NULL, error);
    postgres->sent_ms = time_monotonic_ms();
    if (take_results(postgres, &result, error))
        return -1;
    *ret_result = result;
    result = NULL;
    return 0;
}

int postgres_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, PGresult **ret_result,
                 struct error *error)
{
    static const struct parameters none;
    const struct parameters *given = parameters ? parameters : &none;
    bool sent = PQsendQueryParams(postgres->connection, sql, given->count, given->types, given->values, given->sizes,
                                  given->formats, 0);

    return finish(postgres, sent, ret_result, error);
}

int postgres_do(struct postgres *postgres, const char *sql, const struct parameters *parameters, struct error *error)
{
    PGresult *result = NULL;
    int status = postgres_run(postgres, sql, parameters, &result, error);

    PQclear(result);
    return status;
}

/* By the simple protocol, the only one that takes several statements at once. */
int connection_script(struct postgres *postgres, const char *sql, PGresult **ret_result, struct error *error)
{
    return finish(postgres, PQsendQuery(postgres->connection, sql), ret_result, error);
}

int postgres_script(struct postgres *postgres, const char *sql, struct error *error)
{
    PGresult *result = NULL;
    int status = connection_script(postgres, sql, &result, error);

    PQclear(result);
    return status;
}

int postgres_begin(struct postgres *postgres, struct error *error)
{
    return postgres_script(postgres, "BEGIN", error);
}

int postgres_begin_snapshot(struct postgres *postgres, struct error *error)
{
    return postgres_script(postgres, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

int postgres_commit(struct postgres *postgres, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    return connection_script(postgres, "COMMIT", &result, error) ? -1 : connection_check_commit(result, error);
}

void postgres_rollback(struct postgres *postgres)
{
    struct error ignored;

    if (postgres_script(postgres, "ROLLBACK", &ignored))
        return;
}

const char *postgres_sqlstate(const struct postgres *postgres)
{
    return postgres->sqlstate;
}

int postgres_encrypt_password(struct postgres *postgres, const char *role, const char *password, char **ret_verifier,
                              struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    char *verifier;

    if (postgres_run(postgres, sql_select_password_encryption, NULL, &result, error))
        return -1;
    verifier = PQencryptPasswordConn(postgres->connection, password, role, PQgetvalue(result, 0, 0));
    if (!verifier)
        return connection_message(error, ANT_POSTGRES_UNAVAILABLE, PQerrorMessage(postgres->connection));
    *ret_verifier = verifier;
    return 0;
}

void postgres_clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

/* Doubles quotes, as PQescapeIdentifier() does. A dot separates schema and table, so no name can contain one. */
static void append_quoted(struct buffer *buffer, const char *name, size_t size)
{
    buffer_text(buffer, "\"");
    for (size_t i = 0; i < size; i++) {
        if (name[i] == '"')
            buffer_text(buffer, "\"");
        else if (name[i] == '.') {
            buffer_text(buffer, "\".\"");
            continue;
        }
        buffer_append(buffer, &name[i], 1);
    }
    buffer_text(buffer, "\"");
}

char *postgres_with_tables(const char *sql, const char *const pairs[][2])
{
    struct buffer text = {0};
    const char *mark;

    while ((mark = strstr(sql, ":\""))) {
        const char *name = mark + 2;
        size_t size = strcspn(name, "\"");
        size_t i = 0;

        buffer_append(&text, sql, (size_t)(mark - sql));
        while (pairs[i][0] && !slice_equal(slice_of(pairs[i][0]), (struct slice){name, size}))
            i++;
        if (pairs[i][0])
            append_quoted(&text, pairs[i][1], strlen(pairs[i][1]));
        else
            buffer_append(&text, mark, size + 3);
        sql = name + size + 1;
    }
    buffer_text(&text, sql);
    return text.data;
}

char *postgres_with_table(const char *sql, const char *name, const char *table)
{
    return postgres_with_tables(sql, (const char *const[][2]){{name, table}, {NULL, NULL}});
}

char *postgres_text(const PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);

    return memory_text(text, strlen(text));
}

int64_t postgres_number(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? 0 : strtoll(PQgetvalue(result, row, column), NULL, 10);
}

size_t postgres_changed(PGresult *result)
{
    return (size_t)strtoull(PQcmdTuples(result), NULL, 10);
}

/* Names the triggers, rules and policies of the table, as the operator must find the one that drops rows. */
int written_refuse(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, table);
    if (postgres_run(postgres, sql_select_interceptors, &parameters, &result, error))
        return error_context(error, "could not look at table \"%s\"", table);
    error_set(error, ANT_ROWS_CHANGED, "table \"%s\" has %" PRId64 " of the %" PRId64 " rows as they were written: %s",
              table, found, written,
              PQgetisnull(result, 0, 0) ? "another session changes it" : PQgetvalue(result, 0, 0));
    return error_hint(error, "disable what drops or changes rows of this table, and run the command again");
}

int written_check(struct postgres *postgres, const char *table, int64_t written, int64_t found, struct error *error)
{
    return found == written ? 0 : written_refuse(postgres, table, written, found, error);
}

int written_check_result(struct postgres *postgres, const char *table, size_t written, PGresult *result,
                         struct error *error)
{
    return written_check(postgres, table, (int64_t)written, (int64_t)postgres_changed(result), error);
}

int written_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, const char *table,
                size_t written, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    return postgres_run(postgres, sql, parameters, &result, error)
               ? -1
               : written_check_result(postgres, table, written, result, error);
}
