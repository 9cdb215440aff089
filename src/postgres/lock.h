/* Advisory locks that one waits for: nobody waits for them in silence. */
#ifndef ANTENNA_POSTGRES_LOCK_H
#define ANTENNA_POSTGRES_LOCK_H

#include "postgres/client.h"

/**
 * Logs who holds the lock whose key is the hash of this text, if anybody does. Call before a statement that waits for
 * it. `what` names what is locked. Errors: as postgres_run().
 */
int lock_log_holder(struct postgres *postgres, const char *key, const char *what, struct error *error) must_check;

#endif
