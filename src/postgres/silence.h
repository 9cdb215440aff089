/*
 * Antennas that are silent: watched, as they had events within --active-within, and without any for --silent-after.
 * Both times are a property of the data set, as the views antenna.silence, antenna.antenna_seen and
 * antenna.silent_antennas read them: provision stores them.
 */
#ifndef ANTENNA_POSTGRES_SILENCE_H
#define ANTENNA_POSTGRES_SILENCE_H

#include "config/config.h"
#include "postgres/client.h"

/**
 * Stores the times that the configuration names, inside the transaction of provision; without them the stored ones
 * stay. Error: ERROR_CONFIGURATION when an antenna would be silent only after it is watched no more.
 */
int silence_store(struct postgres *postgres, const struct config *config, struct error *error) must_check;

/** What is known of the antennas. */
struct silence_check {
    int64_t silent; /* how many are; 0 when they cannot be judged */
    char *reason;   /* why they cannot be judged; NULL: they can */
};

/** Frees its text. Fits cleanup(). */
void silence_check_release(struct silence_check *look);

/**
 * Looks at the antennas, inside a transaction, and if `tells` writes notices to the operator of those that have become
 * silent, and of those that are not any more; none while another process does so. Release the look.
 */
int silence_check(struct postgres *postgres, bool tells, struct silence_check *ret_look, struct error *error)
    must_check;

#endif
