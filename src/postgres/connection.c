#include "postgres/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "postgres/client.h"
#include "postgres/sql.h"

/* Seconds that connecting may take, milliseconds that sent data may stay unacknowledged, and seconds of silence after
 * which the peer is probed while its answer is awaited: one that vanished without a word is noticed within half a
 * minute. Linux would probe it after two hours. */
#define CONNECT_TIMEOUT "10"
#define TCP_USER_TIMEOUT "30000"
#define KEEPALIVE_IDLE "10"
#define KEEPALIVE_INTERVAL "5"

/*
 * Two sessions that are both open never have the same process, and a session keeps its own. A pool with one server, or
 * one that hands out the server that was used last, gives the first connection's to the second; one that hands them out
 * in turn gives each connection several: two questions on end never go to the same one. Both connections are asked in
 * turn so often, as other clients of the pool may come between.
 */
#define ROUNDS 8

/* A pool by session may have no server left for the second connection; any other answers, if late on a busy machine. */
#define ANSWER_MS 5000

/* An answer that is on its way has come after this time. */
#define LATE_MS 1000

/* Milliseconds that a silent server is waited for after a signal to stop: service managers kill a process 10 s
 * (Docker), 30 s (Kubernetes) or 90 s (systemd) after it. A wait checks this often whether a stop was requested, as the
 * signal may have been delivered to another thread. */
#define STOP_ANSWER_MS 5000
#define STOP_CHECK_MS 100

#define BACKEND_SIZE 64

/* The oldest version that the tests run with (third_party/versions), as server_version_num has it. */
#define VERSION_MIN 130000
#define VERSION_UNIT 10000

enum backend_column {
    BACKEND_PID,
    BACKEND_PROCESS,
    BACKEND_VERSION_NUMBER,
    BACKEND_VERSION,
};

/* Of the process: whether it was ever logged in, and the time of the first refusal since the last login, 0: none.
 * Several workers log in at once: the compare-and-exchange in is_in_grace() lets one of them start the grace period and
 * log it. */
static atomic_bool was_logged_in;
static atomic_int_least64_t refused_since_ms;

/* When the server has last sent or taken something, to or from any connection of the process. */
static atomic_int_least64_t heard_ms;

int connection_message(struct error *error, enum error_code code, const char *text)
{
    return error_set(error, code, "%.*s", (int)strcspn(text, "\n"), text);
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
            connection_message(error, ANT_POSTGRES_CERTIFICATE, message);
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
        connection_message(error, ANT_POSTGRES_UNAVAILABLE, answer);
        sqlstate_judge(SQLSTATE_LOGIN, sqlstate, error);
    } else if (!connection || strstr(message, "out of memory"))
        /* Without the memory for a connection there is none to ask; libpq says "connection pointer is NULL". */
        return error_set(error, ANT_POSTGRES_UNAVAILABLE, "out of memory");
    else if (*message && quotes_address(message))
        jdbc_refuse(message, error);
    else if (PQconnectionNeedsPassword(connection)) {
        connection_message(error, ANT_LOGIN_REFUSED, message);
        error_hint(error, "give jdbc-password; that of - is from --password-file, PGPASSWORD or ~/.pgpass");
    } else if (!is_distrust(message, error))
        connection_message(error, ANT_POSTGRES_UNAVAILABLE, *message ? message : "no answer");
    return *error->hint ? -1 : error_hint(error, "check that PostgreSQL runs there and can be reached");
}

/*
 * Libpq reports no SQLSTATE of a refused login unless it is asked to before the answer comes, which cannot be done
 * while it connects by itself. So where a server has answered ("SEVERITY:  message"), it is asked once more.
 */
static void ask_again(PGconn *connection)
{
    if (!strstr(PQerrorMessage(connection), ":  "))
        return;
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    PQreset(connection);
    PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
}

/* The shutdown makes libpq see a lost connection, so that nothing waits for the server again, not even PQfinish(). A
 * COMMIT that the server has received it still executes; any other statement it ends (client_connection_check_interval
 * in begin_session.sql). */
static void abandon(struct postgres *postgres)
{
    shutdown(PQsocket(postgres->connection), SHUT_RDWR);
    while (PQconsumeInput(postgres->connection)) /* what has just come, and then the end */
        continue;
    postgres->sqlstate[0] = '\0';
}

static int give_up(struct postgres *postgres, struct error *error)
{
    abandon(postgres);
    error_set(error, ANT_POSTGRES_UNAVAILABLE, "PostgreSQL has sent nothing for %d s since a stop was requested",
              STOP_ANSWER_MS / MS_PER_SECOND);
    return error_hint(error, "check why PostgreSQL does not answer");
}

/* The word of another connection counts: workers wait for each other's locks. */
static bool is_silent(const struct postgres *postgres)
{
    int64_t since_ms = stop_signalled_ms(), heard = atomic_load(&heard_ms);

    if (!since_ms)
        return false;
    if (since_ms < postgres->sent_ms)
        since_ms = postgres->sent_ms;
    if (since_ms < heard)
        since_ms = heard;
    return time_monotonic_ms() - since_ms >= STOP_ANSWER_MS;
}

int connection_wait(struct postgres *postgres, bool unsent, struct error *error)
{
    struct pollfd socket = {.fd = PQsocket(postgres->connection), .events = (short)(POLLIN | (unsent ? POLLOUT : 0))};
    int ready = poll(&socket, 1, STOP_CHECK_MS);

    if (ready < 0 && errno != EINTR) {
        int reason = errno;

        abandon(postgres); /* its answer would be taken for that of the next statement */
        return error_set(error, ANT_POSTGRES_UNAVAILABLE, "could not wait for PostgreSQL: %s", strerror(reason));
    }
    if (ready > 0)
        atomic_store(&heard_ms, time_monotonic_ms());
    return ready <= 0 && is_silent(postgres) ? give_up(postgres, error) : 0;
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
    if (PQstatus(connection) != CONNECTION_OK || PQsetnonblocking(connection, 1)) {
        connection_error(connection, error);
        PQfinish(connection);
        return error_context(error, "could not connect to PostgreSQL");
    }
    PQsetNoticeProcessor(connection, ignore_notice, NULL);
    *ret_connection = connection;
    return 0;
}

/* Whether PQgetResult() has something to say in time. */
static bool await_result(PGconn *connection, int64_t until_ms)
{
    while (PQisBusy(connection)) {
        struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
        int64_t left = until_ms - time_monotonic_ms();

        if (left <= 0 || poll(&socket, 1, (int)left) <= 0 || !PQconsumeInput(connection))
            return false;
    }
    return true;
}

/* Whether the answer to sql_select_backend has come in time. Its last result has the row. */
static bool await_backend(PGconn *connection, int64_t time_ms, char backend[BACKEND_SIZE])
{
    int64_t until_ms = time_monotonic_ms() + time_ms;
    bool answered = false;
    PGresult *result;

    while (await_result(connection, until_ms)) {
        result = PQgetResult(connection);
        if (!result)
            return answered;
        answered = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
        if (answered)
            snprintf(backend, BACKEND_SIZE, "%s", PQgetvalue(result, 0, BACKEND_PROCESS));
        PQclear(result);
    }
    return false;
}

/* Whether the connection shows in time which process serves it. */
static bool ask_backend(PGconn *connection, char backend[BACKEND_SIZE])
{
    return PQsendQuery(connection, sql_select_backend) && await_backend(connection, ANSWER_MS, backend);
}

static int refuse_pooling(struct error *error)
{
    error_set(error, ANT_POOLER_MODE,
              "PostgreSQL is behind a pooler that pools by transaction or statement: locks and settings of a session "
              "would stay behind in its pool");
    return error_hint(error, "let the pooler pool this database by session (PgBouncer: pool_mode = session), or give "
                             "PostgreSQL's own address in jdbc-uri");
}

static int fail_to_judge(struct error *error)
{
    error_set(error, ANT_POOLER_SILENT,
              "the pooler in front of PostgreSQL does not answer, so that its way of pooling cannot be recognised");
    return error_hint(error, "check that PostgreSQL can be reached from the pooler and that its pool has free servers");
}

/* Whether the first connection is served by `backend`, each of so many times on end: 0, or -1 with an error. */
static int check_own(PGconn *first, const char *backend, int times, struct error *error)
{
    char own[BACKEND_SIZE];

    for (int i = 0; i < times; i++) {
        if (!ask_backend(first, own))
            return fail_to_judge(error);
        if (strcmp(own, backend) != 0)
            return refuse_pooling(error);
    }
    return 0;
}

/*
 * Refuses a pooler between us and PostgreSQL that pools by transaction or statement with ERROR_CONFIGURATION: what a
 * session holds, locks and settings, would stay behind in its pool, where the next client waits for it for ever. Given
 * are two new connections by the same address, and the process that serves the first one by sql_select_backend. Pooling
 * by session is accepted. ERROR_UNAVAILABLE: no answer, so that it cannot be decided.
 */
static int refuse_pooler(PGconn *first, PGconn *second, const char *backend, struct error *error)
{
    char other[BACKEND_SIZE];

    for (int i = 0; i < ROUNDS; i++) {
        if (check_own(first, backend, 2, error))
            return -1;
        if (!ask_backend(second, other)) {
            /* In a full pool by session the first connection has a server, and the second waits for one. By transaction
             * the first waits behind the second. */
            if (check_own(first, backend, 1, error))
                return -1;
            if (!await_backend(second, LATE_MS, other))
                return 0;
        }
        if (strcmp(other, backend) == 0)
            return refuse_pooling(error);
    }
    return 0;
}

static int check_version(const PGresult *backend, struct error *error)
{
    if (postgres_number(backend, 0, BACKEND_VERSION_NUMBER) >= VERSION_MIN)
        return 0;
    error_set(error, ANT_POSTGRES_OLD, "PostgreSQL %s is older than %d", PQgetvalue(backend, 0, BACKEND_VERSION),
              VERSION_MIN / VERSION_UNIT);
    return error_hint(error, "upgrade PostgreSQL");
}

/* Without a pooler, the process is the one that the login told, for requests to cancel. */
static int check_backend(struct postgres *postgres, const char *const *keywords, const char *const *values,
                         struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    PGconn *second = NULL;
    int status;

    if (connection_script(postgres, sql_select_backend, &result, error))
        return -1;
    if (PQntuples(result) != 1)
        return error_set(error, ANT_POSTGRES_ANSWER, "PostgreSQL does not report which process serves the connection");
    if (check_version(result, error))
        return -1;
    if (postgres_number(result, 0, BACKEND_PID) == PQbackendPID(postgres->connection))
        return 0;
    if (log_in(keywords, values, &second, error))
        return -1;
    status = refuse_pooler(postgres->connection, second, PQgetvalue(result, 0, BACKEND_PROCESS), error);
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
    if (log_in(keywords, values, &postgres->connection, error) || check_backend(postgres, keywords, values, error) ||
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
    error_set(error, ANT_DATABASE_ENCODING, "the database \"%s\" is encoded as %s instead of UTF8",
              PQdb(postgres->connection), encoding);
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

static bool is_read_again(const struct config *config)
{
    return strcmp(config_text(config, OPTION_JDBC_PASSWORD), "-") == 0 &&
           (config_has(config, OPTION_PASSWORD_FILE) || !getenv("PGPASSWORD"));
}

static bool is_in_grace(const struct error *refusal)
{
    int64_t since_ms = 0, now = time_monotonic_ms();

    if (!atomic_compare_exchange_strong(&refused_since_ms, &since_ms, now))
        return now - since_ms < LOGIN_GRACE_MS;
    log_error(LEVEL_WARNING, refusal, "logs in again for %d s with the password that it finds: %s",
              LOGIN_GRACE_MS / 1000, refusal->message);
    return true;
}

int login(const struct config *config, struct postgres **ret_postgres, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};

    if (jdbc_from_config(config, &address, error) == 0 && postgres_open(&address, ret_postgres, error) == 0) {
        atomic_store(&was_logged_in, true);
        atomic_store(&refused_since_ms, 0);
        return 0;
    }
    if (error_kind(error) == ERROR_CONFIGURATION && atomic_load(&was_logged_in) && is_read_again(config) &&
        is_in_grace(error))
        error->code = ANT_LOGIN_WAITS;
    return -1;
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
