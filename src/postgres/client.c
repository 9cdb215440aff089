#include "postgres/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "postgres/connection.h"
#include "postgres/pooler.h"
#include "postgres/sql.h"

/* Seconds that connecting may take, milliseconds that sent data may stay unacknowledged, and seconds of silence after
 * which the peer is probed while its answer is awaited: one that vanished without a word is noticed within half a
 * minute. Linux would probe it after two hours. */
#define CONNECT_TIMEOUT "10"
#define TCP_USER_TIMEOUT "30000"
#define KEEPALIVE_IDLE "10"
#define KEEPALIVE_INTERVAL "5"

/* The first line of a message. */
static int set_message(struct error *error, enum error_kind kind, const char *text)
{
    return error_set(error, kind, "%.*s", (int)strcspn(text, "\n"), text);
}

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
        error->kind = ERROR_FAILED;
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
        set_message(error, ERROR_WORLD, PQerrorMessage(postgres->connection));
        return PQstatus(postgres->connection) == CONNECTION_OK
                   ? -1
                   : error_context(error, "lost the connection to PostgreSQL");
    }
    memcpy(postgres->sqlstate, sqlstate, SQLSTATE_SIZE - 1);
    message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    set_message(error, ERROR_FAILED, message ? message : "no reason given");
    sqlstate_judge(SQLSTATE_STATEMENT, sqlstate, error);
    if (error->kind == ERROR_MISTAKE)
        add_refused_row(error, result);
    return -1;
}

/* Libpq's words when we and the server do not trust each other; they are English, for no locale is set. */
static const struct {
    const char *words;
    const char *hint;
} distrust[] = {
    {"certificate verify failed",
     "check that sslrootcert in jdbc-uri has signed the server's certificate, and that it is "
     "valid today"},
    {"does not match host name", "give the host in jdbc-uri as the server's certificate names it"},
    {"root certificate file", "give the file of the authority's certificate as sslrootcert in jdbc-uri"},
    {"server does not support SSL", "switch ssl on in PostgreSQL, or correct sslmode in jdbc-uri"},
    {"certificate file", "check sslcert and sslkey in jdbc-uri"},
    {"private key file", "check sslcert and sslkey in jdbc-uri"},
};

static bool is_distrust(const char *message, struct error *error)
{
    for (size_t i = 0; i < sizeof(distrust) / sizeof(*distrust); i++)
        if (strstr(message, distrust[i].words)) {
            set_message(error, ERROR_MISTAKE, message);
            error_hint(error, "%s", distrust[i].hint);
            return true;
        }
    return false;
}

/*
 * Whether libpq could not read the address: then it quotes pieces of it, which may hold the password. Once it tries to
 * connect, it names hosts and files only; a host with an @ is a piece of a password, too.
 */
static bool quotes_address(const char *message)
{
    if (strstr(message, "connection to server"))
        return false;
    return !strstr(message, "could not translate host name") || strchr(message, '@');
}

static int connection_error(PGconn *connection, struct error *error)
{
    const char *message = PQerrorMessage(connection);
    char sqlstate[SQLSTATE_SIZE];
    const char *answer = sqlstate_find(message, sqlstate);

    if (answer) {
        set_message(error, ERROR_WORLD, answer);
        sqlstate_judge(SQLSTATE_LOGIN, sqlstate, error);
    } else if (!connection || strstr(message, "out of memory"))
        /* Without the memory for a connection there is none to ask; libpq says "connection pointer is NULL". */
        return error_set(error, ERROR_WORLD, "out of memory");
    else if (*message && quotes_address(message))
        jdbc_refuse(message, error);
    else if (PQconnectionNeedsPassword(connection)) {
        set_message(error, ERROR_MISTAKE, message);
        error_hint(error, "give jdbc-password; that of - is from --password-file, PGPASSWORD or ~/.pgpass");
    } else if (!is_distrust(message, error))
        set_message(error, ERROR_WORLD, *message ? message : "no answer");
    return *error->hint ? -1 : error_hint(error, "check that PostgreSQL runs there and can be reached");
}

/*
 * Libpq tells no SQLSTATE of a refused login unless it is asked to before the answer comes, which cannot be done while
 * it connects by itself. So where a server has answered ("SEVERITY:  message"), it is asked once more.
 */
static void ask_again(PGconn *connection)
{
    if (!strstr(PQerrorMessage(connection), ":  "))
        return;
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    PQreset(connection);
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
}

/* Notices such as "relation exists already, skipping" are no news; libpq would print them to stderr. */
static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static int log_in(const char *const *keywords, const char *const *values, PGconn **ret_connection, struct error *error)
{
    PGconn *connection = PQconnectdbParams(keywords, values, 0);

    if (PQstatus(connection) != CONNECTION_OK)
        ask_again(connection);
    if (PQstatus(connection) != CONNECTION_OK) {
        connection_error(connection, error);
        PQfinish(connection);
        return error_context(error, "could not connect to PostgreSQL");
    }
    PQsetNoticeProcessor(connection, ignore_notice, NULL);
    *ret_connection = connection;
    return 0;
}

/* Without a pooler, the process is the one that the login told, for requests to cancel. */
static int check_pooler(struct postgres *postgres, const char *const *keywords, const char *const *values,
                        struct error *error)
{
    cleanup(postgres_clear) PGresult *result = PQexec(postgres->connection, sql_select_backend);
    PGconn *second = NULL;
    int status;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return connection_fail(postgres, result, error);
    if (PQntuples(result) != 1)
        return error_set(error, ERROR_FAILED, "PostgreSQL does not tell which process serves the connection");
    if (postgres_number(result, 0, 0) == PQbackendPID(postgres->connection))
        return 0;
    if (log_in(keywords, values, &second, error))
        return -1;
    status = pooler_check(postgres->connection, second, PQgetvalue(result, 0, 1), error);
    PQfinish(second);
    return status;
}

int postgres_connect(const struct jdbc_address *address, struct postgres **ret_postgres, struct error *error)
{
    static const char *const own[][2] = {
        {"connect_timeout", CONNECT_TIMEOUT}, {"tcp_user_timeout", TCP_USER_TIMEOUT},
        {"keepalives_idle", KEEPALIVE_IDLE},  {"keepalives_interval", KEEPALIVE_INTERVAL},
        {"application_name", "antenna"},      {"client_encoding", "UTF8"}};
    const char *keywords[JDBC_KEYWORDS_MAX + 7] = {NULL};
    const char *values[JDBC_KEYWORDS_MAX + 7] = {NULL};
    size_t count = 0;
    struct postgres *postgres;

    /* Own settings first: the address overrides them. */
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++, count++) {
        keywords[count] = own[i][0];
        values[count] = own[i][1];
    }
    for (size_t i = 0; i < address->count; i++, count++) {
        keywords[count] = address->keywords[i];
        values[count] = address->values[i];
    }
    postgres = memory_new(1, sizeof(*postgres));
    /* The pooler first, in whose pool our settings would stay. */
    if (log_in(keywords, values, &postgres->connection, error) || check_pooler(postgres, keywords, values, error) ||
        postgres_script(postgres, sql_begin_session, error)) {
        postgres_close(postgres);
        return -1;
    }
    *ret_postgres = postgres;
    return 0;
}

/* Ids are any texts of UTF-8: another encoding lacks most characters, or keeps bytes that it knows nothing of. */
static int check_encoding(const struct postgres *postgres, struct error *error)
{
    const char *encoding = PQparameterStatus(postgres->connection, "server_encoding");

    if (!encoding || strcmp(encoding, "UTF8") == 0)
        return 0;
    error_set(error, ERROR_MISTAKE, "the database \"%s\" is encoded as %s instead of UTF8", PQdb(postgres->connection),
              encoding);
    return error_hint(error, "create a database WITH ENCODING 'UTF8' TEMPLATE template0, and name it in jdbc-uri");
}

int postgres_open(const struct jdbc_address *address, struct postgres **ret_postgres, struct error *error)
{
    struct postgres *postgres;

    if (postgres_connect(address, &postgres, error))
        return -1;
    if (check_encoding(postgres, error)) {
        postgres_close(postgres);
        return -1;
    }
    *ret_postgres = postgres;
    return 0;
}

void postgres_close(struct postgres *postgres)
{
    if (!postgres)
        return;
    PQfinish(postgres->connection);
    free(postgres);
}

void postgres_cleanup(struct postgres **postgres)
{
    postgres_close(*postgres);
    *postgres = NULL;
}

int postgres_run(struct postgres *postgres, const char *sql, const struct parameters *parameters, PGresult **ret_result,
                 struct error *error)
{
    static const struct parameters none;
    const struct parameters *given = parameters ? parameters : &none;
    PGresult *result = PQexecParams(postgres->connection, sql, given->count, given->types, given->values, given->sizes,
                                    given->formats, 0);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        connection_fail(postgres, result, error);
        PQclear(result);
        return -1;
    }
    *ret_result = result;
    return 0;
}

int postgres_do(struct postgres *postgres, const char *sql, const struct parameters *parameters, struct error *error)
{
    PGresult *result = NULL;
    int status = postgres_run(postgres, sql, parameters, &result, error);

    PQclear(result);
    return status;
}

int postgres_script(struct postgres *postgres, const char *sql, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = PQexec(postgres->connection, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        return connection_fail(postgres, result, error);
    return 0;
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
    return postgres_script(postgres, "COMMIT", error);
}

void postgres_rollback(struct postgres *postgres)
{
    struct error ignored;

    if (postgres_script(postgres, "ROLLBACK", &ignored))
        return;
}

bool postgres_is_connected(const struct postgres *postgres)
{
    return PQstatus(postgres->connection) == CONNECTION_OK;
}

bool postgres_is_local(const struct postgres *postgres)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);

    return getpeername(PQsocket(postgres->connection), (struct sockaddr *)&peer, &size) == 0 && address_is_local(&peer);
}

const char *postgres_sqlstate(const struct postgres *postgres)
{
    return postgres->sqlstate;
}

int postgres_encrypt_password(struct postgres *postgres, const char *role, const char *password, char **ret_verifier,
                              struct error *error)
{
    char *verifier = PQencryptPasswordConn(postgres->connection, password, role, NULL);

    if (!verifier)
        return set_message(error, ERROR_WORLD, PQerrorMessage(postgres->connection));
    *ret_verifier = verifier;
    return 0;
}

void postgres_clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

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

char *postgres_text(const PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);

    return memory_text(text, strlen(text));
}

int64_t postgres_number(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? 0 : strtoll(PQgetvalue(result, row, column), NULL, 10);
}
