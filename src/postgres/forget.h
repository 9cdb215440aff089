/*
 * What the tables have of a user who is forgotten. Totals and histories go on under a pseudonym, which is random and
 * stored until all is done; what names the user otherwise is removed or replaced.
 *
 * Each function is called inside a transaction: forget_begin() in one of its own, forget_hour() for each hour that the
 * caller holds, forget_rest() and forget_end() in the last.
 */
#ifndef ANTENNA_POSTGRES_FORGET_H
#define ANTENNA_POSTGRES_FORGET_H

#include "config/config.h"
#include "postgres/client.h"

/** The user. */
struct forgetting {
    const char *id;
    char *pseudonym;
    char *names, *emails; /* arrays of texts as PostgreSQL writes them */
};

/** Frees it. Fits cleanup(). */
void forgetting_release(struct forgetting *user);

/** How many rows were changed or removed. */
struct forgotten_rows {
    int64_t users, quotas; /* in the users' table, and in its history */
    int64_t totals, hourly_totals;
    int64_t other_totals; /* in tables of jobs without archive */
    int64_t limits;       /* of users over quota */
    int64_t notices, rejected, put_aside;
};

/**
 * Notes that the user is being erased, finds or makes the pseudonym, removes the user and gives the pseudonym the
 * history of quotas. `user->id` is set; release the rest. A later call does the same for a user who was loaded again.
 */
int forget_begin(struct postgres *postgres, const struct config *config, struct forgetting *user,
                 struct forgotten_rows *rows, struct error *error) must_check;

/**
 * Puts the totals of an hour under the pseudonym. Returns 1, for the transaction to be rolled back, when events of the
 * hour are on their way between window totals and archive, and some may be the user's.
 */
int forget_hour(struct postgres *postgres, const struct config *config, const struct forgetting *user, int64_t hour,
                struct forgotten_rows *rows, struct error *error) must_check;

/** Replaces and removes what names the user elsewhere, but the history of quotas. */
int forget_rest(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                struct forgotten_rows *rows, struct error *error) must_check;

/** Counts the totals that have the user's id. */
int forget_count_traces(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                        int64_t *ret_count, struct error *error) must_check;

/** Removes the user's history of quotas, and the note that the user is being erased: to be called when nothing is left.
 */
int forget_end(struct postgres *postgres, const struct config *config, const struct forgetting *user,
               struct forgotten_rows *rows, struct error *error) must_check;

/** Refuses the end while a table beside those of totals still has rows of the user. Error: ERROR_CONFIGURATION. */
int forget_refuse_left(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                       struct error *error) must_check;

#endif
