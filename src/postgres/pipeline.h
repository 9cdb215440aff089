/*
 * A transaction whose statements are sent without waiting for their answers (pipeline mode of libpq, PostgreSQL's
 * documentation, 34.5). Each statement says how many rows it must write, and COMMIT is sent once all of them have: what
 * was not checked is not committed.
 *
 * pipeline_begin(), pipeline_send() for each statement, when there is room, and pipeline_commit(); then, and while
 * there is no room, pipeline_advance() now and then until it returns 1. Until the end, or a failure, nothing else may
 * use the connection. A failure leaves the transaction to be rolled back.
 *
 * Each statement is followed by a Sync, which within BEGIN commits nothing. It makes the server answer, and limit the
 * time that the transaction may be idle (limit_idle_time.sql). It does not limit the time that it waits for the rest of
 * a statement: a client that freezes there keeps its locks. So a large statement is sent when the server reads it.
 *
 * The server may execute a statement late, long after its client has lost the connection. So each transaction has a
 * fence of its own: it moves offsets only from the values that the client knew.
 *
 * Used by the thread of the connection. Libpq copies a statement and its parameters; only the table's name must outlive
 * the transaction.
 */
#ifndef ANTENNA_POSTGRES_PIPELINE_H
#define ANTENNA_POSTGRES_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "postgres/client.h"

/** What the answer to a statement must say. */
struct pipeline_statement {
    const char *table; /* that it writes to; NULL: none */
    size_t rows;       /* that it writes */
    bool fence;        /* fewer rows are ERROR_FENCED instead of a defect of the table */
};

/** Zero-initialise. */
struct pipeline {
    struct postgres *postgres;
    struct pipeline_statement *statements;
    size_t count, answered;
    size_t in_flight; /* bytes of statements, or 0 when all are answered */
    bool unsent;      /* libpq has bytes that the socket has not taken */
    bool is_complete; /* COMMIT may follow */
    bool commits;     /* it was sent */
    bool failed;
    struct pipeline_statement missed; /* the statement that wrote other rows than it said; or none */
    size_t found;                     /* rows that it wrote */
    struct error error;
};

/** Frees it; a zeroed pipeline is fine. */
void pipeline_release(struct pipeline *pipeline);

/** Begins a transaction. */
int pipeline_begin(struct pipeline *pipeline, struct postgres *postgres, struct error *error) must_check;

/** Sends a statement, of which nothing is needed afterwards but the table's name. */
int pipeline_send(struct pipeline *pipeline, const char *sql, const struct parameters *parameters,
                  struct pipeline_statement statement, struct error *error) must_check;

/** Whether another statement should be sent: not after the last or a failure, and not while a large one is executed. */
bool pipeline_has_room(const struct pipeline *pipeline) must_check;

/** Says that all statements are sent: COMMIT follows when they are answered. */
void pipeline_commit(struct pipeline *pipeline);

/**
 * Sends and takes what can be without waiting. Returns 1 when the transaction is committed, 0 while it is under way.
 * Errors: as postgres_run() and postgres_commit(), ERROR_FENCED and written_refuse().
 */
int pipeline_advance(struct pipeline *pipeline, struct error *error) must_check;

/** Waits until pipeline_advance() has something to do; gives up a silent server after a stop request, as
 * connection_wait() does. */
int pipeline_wait(const struct pipeline *pipeline, struct error *error) must_check;

#endif
