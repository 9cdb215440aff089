/* What a PostgreSQL server is like, as far as it may get into the jobs' way, and who holds a lock there. */
#ifndef ANTENNA_POSTGRES_SERVER_H
#define ANTENNA_POSTGRES_SERVER_H

#include "postgres/client.h"

#define SERVER_TEXT_SIZE 64

/** How often a service asks by server_check_writing(), as nothing else shows it where nothing comes. */
#define SERVER_PROBE_INTERVAL_MS 2000

struct server {
    char version[SERVER_TEXT_SIZE];
    bool standby;
    bool read_only; /* the session */
    bool encrypted; /* the connection */
    bool local;     /* it stays on this machine */
    char encoding[SERVER_TEXT_SIZE];
    char time_zone[SERVER_TEXT_SIZE]; /* that sessions begin with; ours are set to UTC afterwards */
    bool fsync;
    int64_t connections_left;
    int64_t clock_ahead_ms; /* of this machine's */
    int64_t clock_doubt_ms; /* by so much it may be more or less */
};

/** Asks for it. Errors: as postgres_run(). */
int server_query(struct postgres *postgres, struct server *ret_server, struct error *error) must_check;

/** Checks that the server answers and lets the session write. Error: ERROR_UNAVAILABLE when it does not. */
int server_check_writing(struct postgres *postgres, struct error *error) must_check;

/**
 * Logs who holds the lock whose key is the hash of this text, if anybody does. Call before a statement that waits for
 * it. `what` names what is locked. Errors: as postgres_run().
 */
int lock_log_holder(struct postgres *postgres, const char *key, const char *what, struct error *error) must_check;

#endif
