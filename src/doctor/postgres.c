#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/jdbc.h"
#include "doctor/subjects.h"
#include "postgres/server.h"

#define CONNECTION "postgres_connection"
#define ENCRYPTION "postgres_encryption"
#define WRITING "postgres_writing"
#define ENCODING "postgres_encoding"
#define DURABILITY "postgres_durability"
#define CONNECTIONS "postgres_connections"
#define TIME_ZONE "postgres_time_zone"
#define CLOCK "postgres_clock"

/* Milliseconds that the clocks may differ: hours are sealed and quotas projected by either. */
#define CLOCK_MAX_MS 2000

#define MEND_READ_ONLY                                                                                                 \
    "give the user of the job; or reset default_transaction_read_only of the role, the database or the server"

static const char *const server_checks[] = {ENCRYPTION,  WRITING,   ENCODING, DURABILITY,
                                            CONNECTIONS, TIME_ZONE, CLOCK,    NULL};

static void examine_encryption(struct doctor *doctor, const struct server *server, const struct jdbc_address *address)
{
    const char *mode = jdbc_get(address, "sslmode");
    bool verified = mode && strncmp(mode, "verify-", strlen("verify-")) == 0;

    if (server->encrypted && (verified || server->local))
        found_ok(doctor, ENCRYPTION, "TLS%s", verified ? ", and the server has shown who it is" : "");
    else if (server->encrypted)
        found_warning(doctor, ENCRYPTION, "add sslmode=verify-full and sslrootcert to jdbc-uri",
                      "TLS, but nobody has looked who the server is");
    else if (server->local)
        found_ok(doctor, ENCRYPTION, "plain text, which does not leave this machine");
    else
        found_warning(doctor, ENCRYPTION, "switch ssl on in PostgreSQL, and add sslmode=verify-full to jdbc-uri",
                      "totals travel in plain text over a network");
}

static void examine_writing(struct doctor *doctor, const struct server *server)
{
    if (server->standby)
        found_failed(doctor, WRITING, "give the address of the primary in jdbc-uri",
                     "the server is a standby, which cannot be written to");
    else if (server->read_only && config_has(doctor->config, OPTION_KAFKA_SERVER))
        found_failed(doctor, WRITING, MEND_READ_ONLY, "sessions of this user only read: speed could not write");
    else if (server->read_only)
        found_warning(doctor, WRITING, MEND_READ_ONLY,
                      "sessions of this user only read: fit for dashboards, and for no job");
    else
        found_ok(doctor, WRITING, "sessions may write");
}

static void examine_server(struct doctor *doctor, const struct server *server)
{
    int64_t workers = config_number(doctor->config, OPTION_WORKERS);

    examine_writing(doctor, server);
    if (strcmp(server->encoding, "UTF8") == 0)
        found_ok(doctor, ENCODING, "UTF8");
    else
        found_failed(doctor, ENCODING, "recreate the database WITH ENCODING 'UTF8'",
                     "the database is encoded as %s: an id with other characters would stop the job", server->encoding);
    if (server->fsync)
        found_ok(doctor, DURABILITY, "commits are on disk (fsync)");
    else
        found_warning(doctor, DURABILITY, "ALTER SYSTEM SET fsync TO on",
                      "fsync is off: a crash of its machine can ruin the database");
    if (server->connections_left < workers)
        found_warning(doctor, CONNECTIONS, POSTGRES_FIX_CONNECTIONS,
                      "%" PRId64 " connections are left for %" PRId64 " workers", server->connections_left, workers);
    else
        found_ok(doctor, CONNECTIONS, "%" PRId64 " connections are left, --workers is %" PRId64,
                 server->connections_left, workers);
}

static bool is_utc(const char *zone)
{
    static const char *const names[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Universal"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(zone, names[i]) == 0)
            return true;
    return false;
}

/* The jobs set their own sessions to UTC. Who compares `date`, a timestamp without zone, with now() does not. */
static void examine_time(struct doctor *doctor, const struct server *server)
{
    int64_t ahead_ms = server->clock_ahead_ms;

    if (is_utc(server->time_zone))
        found_ok(doctor, TIME_ZONE, "sessions begin with %s, as the columns called date are kept", server->time_zone);
    else
        found_warning(
            doctor, TIME_ZONE,
            "ALTER DATABASE … SET timezone TO 'UTC', or write now() AT TIME ZONE 'UTC' in queries of your own",
            "sessions begin with the time zone %s, and the columns called date hold UTC: queries that compare "
            "them with now() are wrong by the difference; the jobs are not",
            server->time_zone);
    if (llabs(ahead_ms) > CLOCK_MAX_MS + server->clock_doubt_ms)
        found_warning(doctor, CLOCK, "have one source of time (NTP) set both clocks",
                      "PostgreSQL's clock is %.1f s %s this machine's", (double)llabs(ahead_ms) / 1000,
                      ahead_ms > 0 ? "ahead of" : "behind");
    else
        found_ok(doctor, CLOCK, "PostgreSQL's clock and this machine's agree to %.1f s",
                 (double)(llabs(ahead_ms) + server->clock_doubt_ms) / 1000);
}

static int ask_server(struct doctor *doctor, struct jdbc_address *address, struct postgres **ret_postgres,
                      struct server *server, struct error *error)
{
    if (jdbc_from_config(doctor->config, address, error) || postgres_connect(address, ret_postgres, error))
        return -1;
    return server_query(*ret_postgres, server, error);
}

void examine_postgres(struct doctor *doctor)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct server server;
    struct error error;

    if (ask_server(doctor, &address, &postgres, &server, &error)) {
        found_error(doctor, CONNECTION, &error);
        found_skipped_all(doctor, server_checks, "there is no connection to PostgreSQL");
        found_skipped_all(doctor, table_checks, "there is no connection to PostgreSQL");
        return;
    }
    found_ok(doctor, CONNECTION, "PostgreSQL %s answers", server.version);
    examine_encryption(doctor, &server, &address);
    examine_server(doctor, &server);
    examine_time(doctor, &server);
    examine_tables(doctor, postgres);
}
