/* Users in the table user_metadata, and those over their hourly quota in the table user_quota_limit. */
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
 * Error: ERROR_CONFIGURATION when the table refuses a user or has not kept all of them. */
int users_load(struct postgres *postgres, const char *table, const struct users *users, struct users_report *ret_report,
               struct error *error) must_check;

/** The tables that take part in finding users over quota. */
struct quota_tables {
    const char *bytes_hourly;
    const char *user_metadata;
    const char *user_quota_limit;
    bool as_of_now; /* judge by the present quotas, not by those in force when the hour began (antenna.user_quota) */
};

/** What was found in an hour. */
struct quota_report {
    int64_t exceeded; /* users over their quota */
    int64_t unknown;  /* users without metadata, whose quota nobody knows */
};

/**
 * Replaces the hour's rows of user_quota_limit, inside a transaction. Error: ERROR_CONFIGURATION when users were
 * changed without the history of quotas, or when the table has not kept what was written.
 */
int quota_replace_hour(struct postgres *postgres, const struct quota_tables *tables, int64_t hour,
                       struct quota_report *ret_report, struct error *error) must_check;

#endif
