#include "postgres/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "postgres/sql.h"

/* Seconds that connecting may take, milliseconds that sent data may stay unacknowledged, and seconds of silence after
 * which the peer is probed while its answer is awaited: one that vanished without a word is noticed within half a
 * minute. Linux would probe it after two hours. */
#define CONNECT_TIMEOUT "10"
#define TCP_USER_TIMEOUT "30000"
#define KEEPALIVE_IDLE "10"
#define KEEPALIVE_INTERVAL "5"
#define SQLSTATE_SIZE 6

struct postgres {
    PGconn *connection;
    char sqlstate[SQLSTATE_SIZE];
};

static const struct {
    const char *prefix; /* of SQLSTATE: class or whole code */
    enum error_kind kind;
    const char *hint;
} sqlstate_kinds[] = {
    {"08", ERROR_WORLD, NULL},                                /* connection */
    {"53", ERROR_WORLD, NULL},                                /* memory, disk, connections used up */
    {"57P0", ERROR_WORLD, NULL},                              /* shutdown, crash, starting up */
    {"40", ERROR_WORLD, NULL},                                /* deadlock, serialization */
    {"55P03", ERROR_WORLD, NULL},                             /* lock not available */
    {"57014", ERROR_WORLD, NULL},                             /* cancelled, statement time-out */
    {"58", ERROR_WORLD, NULL},                                /* input/output of the server */
    {"25006", ERROR_WORLD, NULL},                             /* read-only: a standby before its promotion */
    {"28", ERROR_MISTAKE, "check the user and the password"}, /* authorization */
    {"3D000", ERROR_MISTAKE, "check the name of the database in jdbc-uri"},
    {"3F000", ERROR_MISTAKE, "create the schema, or check the table's name"},
    {"0A000", ERROR_MISTAKE, "check the table's name: a name, or schema.name"},
    {"42P01", ERROR_MISTAKE, "run antenna provision, or check the table's name"},
    {"42501", ERROR_MISTAKE, "grant the right to the user of jdbc-user, or be the one that provision makes for it"},
    {"42", ERROR_MISTAKE, "check that the tables have the columns and keys that antenna provision gives them"},
    {"22021", ERROR_MISTAKE, "texts must be UTF-8"},
    {"22003", ERROR_MISTAKE, "a sum exceeds BIGINT; reject absurd events with --max-bytes"},
};

/* The first line of libpq's message, without its severity and line break. */
static int set_message(struct error *error, enum error_kind kind, const char *text)
{
    static const char *const severities[] = {"ERROR:  ", "FATAL:  "};
    size_t size;

    for (size_t i = 0; i < sizeof(severities) / sizeof(*severities); i++)
        if (strncmp(text, severities[i], strlen(severities[i])) == 0)
            text += strlen(severities[i]);
    size = strcspn(text, "\n");
    return error_set(error, kind, "%.*s", (int)size, text);
}

static int fail(struct postgres *postgres, const PGresult *result, struct error *error)
{
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

    postgres->sqlstate[0] = '\0';
    if (PQstatus(postgres->connection) != CONNECTION_OK || !sqlstate) {
        set_message(error, ERROR_WORLD, PQerrorMessage(postgres->connection));
        return PQstatus(postgres->connection) == CONNECTION_OK
                   ? -1
                   : error_context(error, "lost the connection to PostgreSQL");
    }
    memcpy(postgres->sqlstate, sqlstate, SQLSTATE_SIZE - 1);
    set_message(error, ERROR_FAILED, PQresultErrorMessage(result));
    for (size_t i = 0; i < sizeof(sqlstate_kinds) / sizeof(*sqlstate_kinds); i++) {
        if (strncmp(sqlstate, sqlstate_kinds[i].prefix, strlen(sqlstate_kinds[i].prefix)) != 0)
            continue;
        error->kind = sqlstate_kinds[i].kind;
        if (sqlstate_kinds[i].hint)
            error_hint(error, "%s", sqlstate_kinds[i].hint);
        break;
    }
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

static int refuse_address(const char *message, struct error *error)
{
    cleanup(buffer_release) struct buffer text = {0};
    bool quoted = false;

    for (; *message && *message != '\n'; message++) {
        if (*message == '"')
            quoted = !quoted;
        if (*message == '"' && quoted)
            buffer_text(&text, "\"…");
        if (!quoted)
            buffer_append(&text, message, 1);
    }
    error_set(error, ERROR_USAGE, "invalid jdbc-uri: %s", text.size ? text.data : "no reason given");
    return error_hint(error,
                      "what it quotes is not shown, as it may be a part of the password; in a URI write @ : / %% "
                      "and blanks of a password as %%40 %%3A %%2F %%25 %%20");
}

static bool are_connections_used_up(const char *message)
{
    return strstr(message, "too many") || strstr(message, "connection slots");
}

/* FATAL answers to a login that pass by themselves. */
static bool is_passing(const char *message)
{
    return strstr(message, "the database system is") || strstr(message, "terminating connection") ||
           strstr(message, "due to timeout") || are_connections_used_up(message);
}

static int connection_error(PGconn *connection, struct error *error)
{
    const char *message = PQerrorMessage(connection);

    /* Without the memory for a connection there is none to ask, and libpq calls it "connection pointer is NULL". */
    if (!connection || strstr(message, "out of memory"))
        return error_set(error, ERROR_WORLD, "out of memory");
    if (*message && quotes_address(message))
        return refuse_address(message, error);
    /* libpq gives no SQLSTATE for a refused login; its words do not change with the server's language when the
     * message comes from libpq itself, and FATAL answers to a login are authorization or a missing database, but for
     * a server that is not ready. */
    if (PQconnectionNeedsPassword(connection) || PQconnectionUsedPassword(connection)) {
        if (strstr(message, "password")) {
            set_message(error, ERROR_MISTAKE, message);
            return error_hint(error,
                              "check jdbc-user and jdbc-password; that of - is from --password-file, PGPASSWORD or "
                              "~/.pgpass");
        }
    }
    if (is_distrust(message, error))
        return -1;
    if (strstr(message, "FATAL:") && !is_passing(message)) {
        set_message(error, ERROR_MISTAKE, message);
        return error_hint(error, "check jdbc-uri and jdbc-user");
    }
    set_message(error, ERROR_WORLD, *message ? message : "no answer");
    if (are_connections_used_up(message))
        return error_hint(error, POSTGRES_MEND_CONNECTIONS);
    return error_hint(error, "check that PostgreSQL runs there and can be reached");
}

/* Notices such as "relation exists already, skipping" are no news; libpq would print them to stderr. */
static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

int postgres_open(const struct jdbc_address *address, struct postgres **ret_postgres, struct error *error)
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
    postgres->connection = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(postgres->connection) != CONNECTION_OK) {
        connection_error(postgres->connection, error);
        postgres_close(postgres);
        return error_context(error, "could not connect to PostgreSQL");
    }
    PQsetNoticeProcessor(postgres->connection, ignore_notice, NULL);
    if (postgres_script(postgres, sql_begin_session, error)) {
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
        fail(postgres, result, error);
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
        return fail(postgres, result, error);
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
