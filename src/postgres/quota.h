/* Users over their hourly quota, in the table user_quota_limit. */
#ifndef ANTENNA_POSTGRES_QUOTA_H
#define ANTENNA_POSTGRES_QUOTA_H

#include "postgres/client.h"

/** The tables that take part. */
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
 * Replaces the hour's rows of user_quota_limit, inside a transaction. Error: ERROR_MISTAKE when users were changed
 * without the history of quotas, or when the table has not kept what was written.
 */
int quota_replace_hour(struct postgres *postgres, const struct quota_tables *tables, int64_t hour,
                       struct quota_report *ret_report, struct error *error) must_check;

#endif
