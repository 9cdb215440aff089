/* Users in the table user_metadata. */
#ifndef ANTENNA_POSTGRES_USERS_H
#define ANTENNA_POSTGRES_USERS_H

#include "config/users_file.h"
#include "postgres/client.h"

/** What loading did; the other users of the file were there already, just so. */
struct users_report {
    int64_t inserted;
    int64_t updated;
};

/** Inserts or updates the users in `table`, inside a transaction. Users that are not among them stay as they are.
 * Error: ERROR_MISTAKE when the table refuses a user or has not kept all of them. */
int users_load(struct postgres *postgres, const char *table, const struct users *users, struct users_report *ret_report,
               struct error *error) must_check;

#endif
