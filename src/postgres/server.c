#include "postgres/server.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "postgres/sql.h"

enum server_column {
    SERVER_VERSION,
    SERVER_STANDBY,
    SERVER_READ_ONLY,
    SERVER_ENCRYPTED,
    SERVER_ENCODING,
    SERVER_TIME_ZONE,
    SERVER_FSYNC,
    SERVER_CONNECTIONS,
    SERVER_CLOCK,
};

static void copy_text(const PGresult *result, enum server_column column, char text[SERVER_TEXT_SIZE])
{
    snprintf(text, SERVER_TEXT_SIZE, "%s", PQgetvalue(result, 0, (int)column));
}

/* The server's clock is compared with the middle of the request: half of its duration is the uncertainty, as in NTP. */
int server_query(struct postgres *postgres, struct server *ret_server, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    int64_t asked_ms = time_now_ms(), answered_ms;

    if (postgres_run(postgres, sql_select_server, NULL, &result, error))
        return error_context(error, "could not ask PostgreSQL what it is like");
    answered_ms = time_now_ms();
    *ret_server = (struct server){
        .standby = postgres_number(result, 0, SERVER_STANDBY) != 0,
        .read_only = postgres_number(result, 0, SERVER_READ_ONLY) != 0,
        .encrypted = postgres_number(result, 0, SERVER_ENCRYPTED) != 0,
        .local = postgres_is_local(postgres),
        .fsync = postgres_number(result, 0, SERVER_FSYNC) != 0,
        .connections_left = postgres_number(result, 0, SERVER_CONNECTIONS),
        .clock_ahead_ms = postgres_number(result, 0, SERVER_CLOCK) - (asked_ms + answered_ms) / 2,
        .clock_doubt_ms = (answered_ms - asked_ms) / 2,
    };
    copy_text(result, SERVER_VERSION, ret_server->version);
    copy_text(result, SERVER_ENCODING, ret_server->encoding);
    copy_text(result, SERVER_TIME_ZONE, ret_server->time_zone);
    return 0;
}

/* After a failover a connection may lead to a standby, and default_transaction_read_only protects a database: in both
 * cases reading works, and only the next commit would fail. */
int server_check_writing(struct postgres *postgres, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_show_read_only, NULL, &result, error))
        return -1;
    if (strcmp(PQgetvalue(result, 0, 0), "on") != 0)
        return 0;
    error_set(error, ANT_POSTGRES_READ_ONLY, "PostgreSQL lets this session only read");
    return error_hint(error, "find out whether it has become a standby, or default_transaction_read_only was set");
}

enum holder_column {
    HOLDER_PID,
    HOLDER_USER,
    HOLDER_APPLICATION,
    HOLDER_STATE,
    HOLDER_SINCE,
};

int lock_log_holder(struct postgres *postgres, const char *key, const char *what, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, key);
    if (postgres_run(postgres, sql_select_lock_holder, &parameters, &result, error))
        return -1;
    if (PQntuples(result) > 0)
        log_line(LEVEL_INFO,
                 "waits for %s, which process %s of PostgreSQL holds (user \"%s\", application \"%s\"): %s since %s",
                 what, PQgetvalue(result, 0, HOLDER_PID), PQgetvalue(result, 0, HOLDER_USER),
                 PQgetvalue(result, 0, HOLDER_APPLICATION), PQgetvalue(result, 0, HOLDER_STATE),
                 PQgetvalue(result, 0, HOLDER_SINCE));
    return 0;
}
