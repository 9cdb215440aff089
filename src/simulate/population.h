/*
 * Who takes part in the simulation: users, antennas and apps, each known by a number from 0 (its code in a coded
 * event). Users and antennas that are only counted have names that follow from their number and take no memory.
 */
#ifndef ANTENNA_SIMULATE_POPULATION_H
#define ANTENNA_SIMULATE_POPULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"
#include "config/users_file.h"
#include "record/dictionary.h"

/** Most users and most antennas. */
#define POPULATION_MAX 100000000

/** Names as they are in JSON, one behind the other. */
struct json_names {
    struct buffer text;
    size_t *ends; /* where the name of each code ends; NULL when names follow from their number */
};

/** Zero-initialise, then population_init(). */
struct population {
    const struct config *config; /* holds the names of the apps */
    struct users users;          /* from the file, or none */
    uint32_t counts[TEXTS];
    struct json_names json[TEXTS];
};

/**
 * Reads --users (a number or a CSV file), --antennas and --apps. Borrows `config`. Release with population_release()
 * also after a failure. Errors: ERROR_USAGE and those of users_file_load(); a name that the decoder would refuse is an
 * error too.
 */
int population_init(struct population *population, const struct config *config, struct error *error) must_check;

/** Frees what it holds. */
void population_release(struct population *population);

/** Appends the name of a code. */
void population_name(const struct population *population, enum text text, uint32_t code, struct buffer *ret_name);

/** Appends the name of a code as a JSON string. */
void population_json(const struct population *population, enum text text, uint32_t code, struct buffer *ret_json);

/** Order of two names of one field by bytes: negative, zero or positive. */
int population_compare(const struct population *population, enum text text, uint32_t left, uint32_t right);

/** The user's entry in the users file, or NULL when users are only counted. */
const struct user *population_user(const struct population *population, uint32_t code);

#endif
