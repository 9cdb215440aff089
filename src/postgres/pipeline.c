#include "postgres/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/connection.h"

/* Bytes that are sent without waiting for an answer. The buffers of a socket take as much at once. More could stay
 * unsent when the client freezes: the server would wait for the rest of a statement, with its locks. A small commit is
 * sent as a whole. */
#define IN_FLIGHT_MAX 65536

void pipeline_release(struct pipeline *pipeline)
{
    free(pipeline->statements);
    *pipeline = (struct pipeline){0};
}

/* Writes as much as the socket takes. Libpq keeps the rest: pipeline_wait() must then also wait for room in the socket.
 */
static int flush(struct pipeline *pipeline, struct error *error)
{
    int unsent = PQflush(pipeline->postgres->connection);

    if (unsent < 0)
        return connection_fail(pipeline->postgres, NULL, error);
    pipeline->unsent = unsent > 0;
    return 0;
}

static size_t size_of(const struct parameters *parameters)
{
    size_t size = 0;

    for (int i = 0; i < parameters->count; i++)
        size += (size_t)parameters->sizes[i];
    return size;
}

/* The Sync behind each statement makes the server answer it now, instead of at the end. Inside BEGIN it commits nothing
 * (PostgreSQL's documentation, "Pipelining"). Its result ends the statement's answer in take_next(). */
int pipeline_send(struct pipeline *pipeline, const char *sql, const struct parameters *parameters,
                  struct pipeline_statement statement, struct error *error)
{
    invariant(!pipeline->failed && pipeline->is_complete == pipeline->commits);
    if (!PQsendQueryParams(pipeline->postgres->connection, sql, parameters->count, parameters->types,
                           parameters->values, parameters->sizes, parameters->formats, 0) ||
        !PQpipelineSync(pipeline->postgres->connection))
        return connection_fail(pipeline->postgres, NULL, error);
    pipeline->postgres->sent_ms = time_monotonic_ms();
    pipeline->in_flight += size_of(parameters);
    pipeline->statements = memory_resize(pipeline->statements, pipeline->count + 1, sizeof(*pipeline->statements));
    pipeline->statements[pipeline->count++] = statement;
    return 0;
}

bool pipeline_has_room(const struct pipeline *pipeline)
{
    return !pipeline->is_complete && !pipeline->failed && pipeline->in_flight < IN_FLIGHT_MAX;
}

static int send_command(struct pipeline *pipeline, const char *sql, struct error *error)
{
    static const struct parameters none;

    return pipeline_send(pipeline, sql, &none, (struct pipeline_statement){0}, error);
}

int pipeline_begin(struct pipeline *pipeline, struct postgres *postgres, struct error *error)
{
    *pipeline = (struct pipeline){.postgres = postgres};
    /* Statements of a transaction that has not ended would be committed together with this one. */
    if (PQstatus(postgres->connection) == CONNECTION_OK && (PQpipelineStatus(postgres->connection) != PQ_PIPELINE_OFF ||
                                                            PQtransactionStatus(postgres->connection) != PQTRANS_IDLE))
        return error_set(error, ANT_DEFECT, "a transaction of this connection has not ended");
    if (!PQenterPipelineMode(postgres->connection))
        return connection_fail(postgres, NULL, error);
    return send_command(pipeline, "BEGIN", error);
}

void pipeline_commit(struct pipeline *pipeline)
{
    invariant(!pipeline->is_complete);
    pipeline->is_complete = true;
}

static void note_failure(struct pipeline *pipeline, const PGresult *result, const char *table)
{
    pipeline->failed = true;
    if (connection_fail(pipeline->postgres, result, &pipeline->error) && table)
        error_context(&pipeline->error, "could not write to table \"%s\"", table);
}

/* The first failure is the reason: the server refuses all statements after it with errors of their own. A statement
 * that wrote other rows than expected is no error for the server, so only this check keeps COMMIT from being sent. */
static void take_answer(struct pipeline *pipeline, PGresult *result)
{
    const struct pipeline_statement *statement = &pipeline->statements[pipeline->answered];

    invariant(pipeline->answered < pipeline->count);
    if (pipeline->failed)
        return;
    if (!connection_succeeded(result)) {
        note_failure(pipeline, result, statement->table);
        return;
    }
    pipeline->failed = pipeline->commits && connection_check_commit(result, &pipeline->error);
    pipeline->found = postgres_changed(result);
    if (!statement->table || pipeline->found == statement->rows)
        return;
    pipeline->failed = true;
    pipeline->missed = *statement;
}

static int explain(struct pipeline *pipeline, struct error *error)
{
    const struct pipeline_statement *missed = &pipeline->missed;

    if (!missed->table) {
        *error = pipeline->error;
        return -1;
    }
    if (missed->fence)
        return error_set(error, ANT_FENCED, "of %zu rows of table \"%s\", %zu are as they were known", missed->rows,
                         missed->table, pipeline->found);
    return written_refuse(pipeline->postgres, missed->table, (int64_t)missed->rows, (int64_t)pipeline->found, error);
}

/* All statements that were sent are answered. COMMIT is sent only now, when each answer was checked; after its answer,
 * or after a failure, the connection leaves pipeline mode and can be used as usual. */
static int continue_transaction(struct pipeline *pipeline, struct error *error)
{
    PGconn *connection = pipeline->postgres->connection;

    pipeline->in_flight = 0;
    if (!pipeline->failed && !pipeline->commits) {
        pipeline->commits = pipeline->is_complete;
        return pipeline->commits ? send_command(pipeline, "COMMIT", error) : 0;
    }
    if (!PQexitPipelineMode(connection))
        return connection_fail(pipeline->postgres, NULL, error);
    return pipeline->failed ? explain(pipeline, error) : 1;
}

/* Takes the next result: first those of a statement, then NULL, then the one of its Sync. */
static int take_next(struct pipeline *pipeline, struct error *error)
{
    PGresult *result = PQgetResult(pipeline->postgres->connection);
    int status = 0;

    if (PQstatus(pipeline->postgres->connection) != CONNECTION_OK)
        status = connection_fail(pipeline->postgres, result, error);
    else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
        pipeline->answered++;
    else if (result)
        take_answer(pipeline, result);
    PQclear(result);
    return status;
}

/* Never blocks: PQconsumeInput() reads what has arrived, and PQisBusy() keeps PQgetResult() from waiting for more. */
int pipeline_advance(struct pipeline *pipeline, struct error *error)
{
    PGconn *connection = pipeline->postgres->connection;
    int status = 0;

    if (!PQconsumeInput(connection))
        return connection_fail(pipeline->postgres, NULL, error);
    while (status == 0 && pipeline->answered < pipeline->count && !PQisBusy(connection))
        status = take_next(pipeline, error);
    if (status == 0 && pipeline->answered == pipeline->count)
        status = continue_transaction(pipeline, error);
    return status ? status : flush(pipeline, error);
}

int pipeline_wait(const struct pipeline *pipeline, struct error *error)
{
    return connection_wait(pipeline->postgres, pipeline->unsent, error);
}
