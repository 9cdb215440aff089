/* Whether the session's user has the rights of a role of ours, whatever its name is. */
#ifndef ANTENNA_POSTGRES_RIGHTS_H
#define ANTENNA_POSTGRES_RIGHTS_H

#include "base/buffer.h"
#include "postgres/roles.h"

/**
 * Appends what the user lacks of the role's rights, "INSERT on antenna.loss, …", and nothing when it lacks none. Of
 * tables that do not exist nothing is said. Errors: as postgres_run().
 */
int rights_missing(struct postgres *postgres, const struct config *config, enum role_id id, struct buffer *ret_text,
                   struct error *error) must_check;

#endif
