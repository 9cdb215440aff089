/*
 * The HTTP server of a job, in a thread of its own for each address: /metrics, /healthz and /readyz, each answered from
 * what the job says at that moment. It needs no login and shows no secret.
 */
#ifndef ANTENNA_METRICS_SERVER_H
#define ANTENNA_METRICS_SERVER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "config/config.h"

/** What a job reports; called by the server's thread at any time while the server is open. */
struct metrics_source {
    /* Writes the job's own metrics. */
    void (*write)(void *context, struct buffer *text);
    /* Whether the job's loop moves; if not, writes why. */
    bool (*is_alive)(void *context, struct buffer *reason);
    /* Whether it could do its work to the end now; if not, writes why. */
    bool (*is_ready)(void *context, struct buffer *reason);
    void *context;
};

struct metrics_server;

/** Whether the server can listen where --listen says: for the start, before other servers are asked. Errors as below.
 */
int metrics_server_check(const struct config *config, struct error *error) must_check;

/**
 * Begins to serve where --listen says, and logs where that is; without it the server is NULL. Errors: ERROR_USAGE;
 * ERROR_CONFIGURATION when the address cannot be had. Close with metrics_server_close().
 */
int metrics_server_open(const struct config *config, const struct metrics_source *source,
                        struct metrics_server **ret_server, struct error *error) must_check;

/** Ends the server's thread and frees; NULL is fine. */
void metrics_server_close(struct metrics_server *server);

#endif
