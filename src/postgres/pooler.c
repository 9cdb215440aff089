#include "postgres/pooler.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "postgres/sql.h"

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

#define BACKEND_SIZE 64

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
            snprintf(backend, BACKEND_SIZE, "%s", PQgetvalue(result, 0, 1));
        PQclear(result);
    }
    return false;
}

/* Whether the connection tells in time which process serves it. */
static bool ask(PGconn *connection, char backend[BACKEND_SIZE])
{
    return PQsendQuery(connection, sql_select_backend) && await_backend(connection, ANSWER_MS, backend);
}

static int refuse(struct error *error)
{
    error_set(error, ERROR_MISTAKE,
              "PostgreSQL is behind a pooler that pools by transaction or statement: locks and settings of a session "
              "would stay behind in its pool");
    return error_hint(error, "let the pooler pool this database by session (PgBouncer: pool_mode = session), or give "
                             "PostgreSQL's own address in jdbc-uri");
}

static int fail(struct error *error)
{
    error_set(error, ERROR_WORLD,
              "the pooler in front of PostgreSQL does not answer, so that its way of pooling cannot be recognised");
    return error_hint(error, "check that PostgreSQL can be reached from the pooler and that its pool has free servers");
}

/* Whether the first connection is served by `backend`, each of so many times on end: 0, or -1 with an error. */
static int check_own(PGconn *first, const char *backend, int times, struct error *error)
{
    char own[BACKEND_SIZE];

    for (int i = 0; i < times; i++) {
        if (!ask(first, own))
            return fail(error);
        if (strcmp(own, backend) != 0)
            return refuse(error);
    }
    return 0;
}

int pooler_check(PGconn *first, PGconn *second, const char *backend, struct error *error)
{
    char other[BACKEND_SIZE];

    for (int i = 0; i < ROUNDS; i++) {
        if (check_own(first, backend, 2, error))
            return -1;
        if (!ask(second, other)) {
            /* In a full pool by session the first connection has a server, and the second waits for one. By transaction
             * the first waits behind the second. */
            if (check_own(first, backend, 1, error))
                return -1;
            if (!await_backend(second, LATE_MS, other))
                return 0;
        }
        if (strcmp(other, backend) == 0)
            return refuse(error);
    }
    return 0;
}
