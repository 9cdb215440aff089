/*
 * How a configuration is filled; used by this folder only. Each source hands its texts to config_set(), the highest
 * source first; config.c calls them in that order.
 */
#ifndef ANTENNA_CONFIG_SOURCES_H
#define ANTENNA_CONFIG_SOURCES_H

#include "config/config.h"
#include "config/value.h"

/** Where a value came from. */
struct origin {
    enum config_source source;
    int line; /* of the configuration file, from 1; 0 elsewhere */
};

/** A value as it was given. */
struct given {
    char *text;
    struct origin origin;
};

struct entry {
    struct given given; /* of a list, what was read last from its source of highest precedence */
    union value value;
    struct given *list; /* of TYPE_LIST, TYPE_WORDS and TYPE_PROPERTIES */
    size_t list_size;
};

struct config {
    enum command_id command;
    struct entry entries[OPTION_IDS];
};

/**
 * Gives an option a value, unless a source of higher precedence has done so. Within one source the last value wins and
 * lists grow; of TYPE_PROPERTIES this holds for each name by itself. Error: ERROR_USAGE.
 */
int config_set(struct config *config, const struct option *option, struct origin origin, const char *text,
               struct error *error) must_check;

/** Fills an error about a name, of `size` bytes, that the command does not take, with the nearest that it takes. */
int config_unknown(enum command_id command, const char *name, size_t size, struct error *error);

/** Reads the command line; see config_load(). */
int config_read_arguments(struct config *config, int argc, char **argv, struct error *error) must_check;

/** Reads the variables ANTENNA_…. Error: ERROR_CONFIGURATION, also for a name that no command knows. */
int config_read_environment(struct config *config, struct error *error) must_check;

/** Reads a configuration file. Error: ERROR_CONFIGURATION with file and line, also for a key that its command does not
 * know.
 */
int config_read_file(struct config *config, const char *path, struct error *error) must_check;

#endif
