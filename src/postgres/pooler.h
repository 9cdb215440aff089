/*
 * A pooler between us and PostgreSQL that pools by transaction or statement: what a session holds, locks and settings,
 * would stay behind in its pool, where the next client waits for it for ever.
 */
#ifndef ANTENNA_POSTGRES_POOLER_H
#define ANTENNA_POSTGRES_POOLER_H

#include <libpq-fe.h>

#include "base/error.h"

/**
 * Refuses such a pooler with ERROR_MISTAKE. Given are two new connections by the same address, and the process that
 * serves the first one by sql_select_backend. Pooling by session is accepted. ERROR_WORLD: no answer, so that it cannot
 * be decided.
 */
int pooler_check(PGconn *first, PGconn *second, const char *backend, struct error *error) must_check;

#endif
