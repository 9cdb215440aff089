/*
 * A PostgreSQL that answers by script, for the tests of what is sent to it: the functions of libpq below stand in front
 * of the library's, and record what would be sent. Each text must name exactly the parameters that come with it, and no
 * table's placeholder may be left. Included by one file of a program.
 */
#ifndef ANTENNA_TESTS_LIBPQ_SCRIPT_H
#define ANTENNA_TESTS_LIBPQ_SCRIPT_H

#include <libpq-fe.h>

#include "base/buffer.h"
#include "postgres/client.h"
#include "postgres/contract.h"
#include "postgres/schema_version.h"
#include "postgres/sql.h"
#include "unit.h"

#define ANSWERS_MAX 24

/* What was sent since set_up(), a line each, and what to answer. */
static struct {
    struct buffer sent;
    int count;
    int rows;                             /* of every answer */
    const char *answers[ANSWERS_MAX];     /* values of a row */
    const char *changed;                  /* rows, as PQcmdTuples() says */
    const char *tag;                      /* of each command, as PQcmdStatus() says; NULL: COMMIT */
    const char *version;                  /* of the schema */
    char latest[8];                       /* the one that the program wants */
    const char *refusal;                  /* of each login, as libpq writes it with PQERRORS_VERBOSE; or NULL */
    PGresult *result;                     /* of what was sent, until it is taken */
    PGresult *(*before)(const char *sql); /* may set all this, or give a result in its place; or NULL */
} script;

static struct postgres *postgres;
static struct error error;

/* The text without its comments. */
static void strip_comments(const char *sql, struct buffer *ret_text)
{
    while (*sql) {
        size_t size = strcspn(sql, "\n");
        const char *comment = strstr(sql, "--");

        buffer_append(ret_text, sql, comment && comment < sql + size ? (size_t)(comment - sql) : size);
        buffer_text(ret_text, "\n");
        sql += size + (sql[size] == '\n');
    }
}

static void check_parameters(const char *sql, int given)
{
    cleanup(buffer_release) struct buffer text = {0};
    bool used[PARAMETERS_MAX + 1] = {false};

    strip_comments(sql, &text);
    if (strstr(text.data, ":\""))
        fail_msg("a table's placeholder is left: %s", text.data);
    for (const char *mark = text.data; (mark = strchr(mark, '$')); mark++) {
        int number = atoi(mark + 1);

        if (mark[1] < '0' || mark[1] > '9')
            continue; /* $$ quotes the body of a function */
        if (number < 1 || number > given)
            fail_msg("$%d, but %d parameters are given: %s", number, given, text.data);
        used[number] = true;
    }
    for (int i = 1; i <= given; i++)
        if (!used[i])
            fail_msg("$%d is given and not used: %s", i, text.data);
}

static void set_value(PGresult *result, int row, int column, const char *text)
{
    /* libpq copies it. */
    assert_true(PQsetvalue(result, row, column, (char *)(uintptr_t)text, (int)strlen(text)));
}

static PGresult *answer(const char *sql, int parameter_count)
{
    PGresult *result = script.before ? script.before(sql) : NULL;
    PGresAttDesc columns[ANSWERS_MAX];
    char name[] = "column";

    if (result)
        return result;
    result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    check_parameters(sql, parameter_count);
    buffer_printf(&script.sent, "%s\n", sql);
    script.count++;
    for (int i = 0; i < ANSWERS_MAX; i++)
        columns[i] = (PGresAttDesc){.name = name};
    assert_true(PQsetResultAttrs(result, ANSWERS_MAX, columns));
    /* Of the data set there is a row for each table. */
    for (int row = 0; row < (strcmp(sql, sql_select_data_set) == 0 ? (int)CONTRACTS : script.rows); row++)
        for (int i = 0; i < ANSWERS_MAX; i++)
            set_value(result, row, i, script.answers[i]);
    if (strcmp(sql, sql_select_backend) == 0)
        set_value(result, 0, 2, "130000"); /* the version of the server */
    if (strcmp(sql, sql_select_schema_version) == 0)
        set_value(result, 0, 0, script.version);
    return result;
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types, const char *const *values,
                      const int *sizes, const int *formats, int result_format)
{
    (void)connection, (void)types, (void)values, (void)sizes, (void)formats;
    assert_int_equal(result_format, 0);
    script.result = answer(sql, count);
    return 1;
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    (void)connection;
    script.result = answer(sql, 0);
    return 1;
}

/* One result, which is there at once. */
PGresult *PQgetResult(PGconn *connection)
{
    PGresult *result = script.result;

    (void)connection;
    script.result = NULL;
    return result;
}

int PQflush(PGconn *connection)
{
    (void)connection;
    return 0;
}

int PQisBusy(PGconn *connection)
{
    (void)connection;
    return 0;
}

int PQsetnonblocking(PGconn *connection, int nonblocking)
{
    (void)connection;
    assert_true(nonblocking);
    return 0;
}

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expand)
{
    (void)keywords, (void)values, (void)expand;
    return (PGconn *)(void *)&script;
}

ConnStatusType PQstatus(const PGconn *connection)
{
    (void)connection;
    return script.refusal ? CONNECTION_BAD : CONNECTION_OK;
}

const char *PQparameterStatus(const PGconn *connection, const char *name)
{
    (void)connection;
    assert_string_equal(name, "server_encoding");
    return "UTF8";
}

/* As many as an answer has: there is no pooler. */
int PQbackendPID(const PGconn *connection)
{
    (void)connection;
    return 0;
}

/* The real one would look into what is no connection. */
char *PQerrorMessage(const PGconn *connection)
{
    (void)connection;
    return (char *)(uintptr_t)(script.refusal ? script.refusal : "the connection is lost");
}

PGVerbosity PQsetErrorVerbosity(PGconn *connection, PGVerbosity verbosity)
{
    (void)connection;
    return verbosity;
}

void PQreset(PGconn *connection)
{
    (void)connection;
}

void PQfinish(PGconn *connection)
{
    (void)connection;
}

PQnoticeProcessor PQsetNoticeProcessor(PGconn *connection, PQnoticeProcessor processor, void *argument)
{
    (void)connection, (void)argument;
    return processor;
}

char *PQcmdTuples(PGresult *result)
{
    (void)result;
    return (char *)(uintptr_t)script.changed;
}

char *PQcmdStatus(PGresult *result)
{
    (void)result;
    return (char *)(uintptr_t)(script.tag ? script.tag : "COMMIT");
}

char *PQencryptPasswordConn(PGconn *connection, const char *password, const char *user, const char *algorithm)
{
    (void)connection;
    assert_memory_equal(user, "antenna_", 8);
    assert_string_not_equal(password, "");
    assert_non_null(algorithm);
    return strdup("verifier");
}

void PQfreemem(void *memory)
{
    free(memory);
}

static void answer_with(int rows, const char *first, const char *second, const char *changed)
{
    script.rows = rows;
    script.answers[0] = first;
    script.answers[1] = second;
    for (int i = 2; i < ANSWERS_MAX; i++)
        script.answers[i] = "0";
    script.changed = changed;
    snprintf(script.latest, sizeof(script.latest), "%d", SCHEMA_VERSION);
    script.version = script.latest;
}

static int set_up(void **state)
{
    static const struct jdbc_address address;

    (void)state;
    script.before = NULL;
    script.refusal = NULL;
    script.tag = NULL;
    answer_with(1, "0", "0", "1");
    if (postgres_open(&address, &postgres, &error))
        return -1;
    buffer_clear(&script.sent);
    script.count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    postgres_close(postgres);
    buffer_release(&script.sent);
    return 0;
}

/* Whether this text was sent, its placeholders aside: the words before the first one are compared. */
static inline bool was_sent(const char *sql)
{
    const char *mark = strstr(sql, ":\"");
    char *head = strndup(sql, mark ? (size_t)(mark - sql) : strlen(sql));
    bool found = strstr(script.sent.data, head) != NULL;

    free(head);
    return found;
}

#endif
