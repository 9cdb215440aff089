/*
 * The effective configuration of one command: for each option its value and where it came from. Precedence: option or
 * positional argument > environment (ANTENNA_…) > file (--config) > default. Every value is checked when it is read,
 * so that the getters cannot fail.
 */
#ifndef ANTENNA_CONFIG_CONFIG_H
#define ANTENNA_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/option.h"

enum config_source { SOURCE_NONE, SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_ARGUMENT };

struct config;

/**
 * Reads the arguments behind the command's name (`argv`, `argc` of them), the environment and the file. Values of
 * secret options are overwritten in `argv` itself, so that the process list no longer shows them. With --help or
 * --version nothing else is read. Errors: ERROR_USAGE for the command line; ERROR_CONFIGURATION for file and
 * environment. Free with config_free().
 */
int config_read(enum command_id command, int argc, char **argv, struct config **ret_config, struct error *error)
    must_check;

/** As config_read(), and ERROR_USAGE when an argument that the command cannot do without is missing. */
int config_load(enum command_id command, int argc, char **argv, struct config **ret_config, struct error *error)
    must_check;

/** Frees the configuration and wipes its secrets; NULL is fine. */
void config_free(struct config *config);

/** For cleanup(). */
void config_cleanup(struct config **config);

/** The command that it was loaded for. */
enum command_id config_command(const struct config *config);

/** Whether the option has a value, its default included. */
bool config_has(const struct config *config, enum option_id id);

/** Refuses a configuration without a value of the option. Error: ERROR_USAGE. */
int config_require(const struct config *config, enum option_id id, struct error *error) must_check;

/** Where the option's value came from; of a list the source of highest precedence among its entries. */
enum config_source config_source(const struct config *config, enum option_id id);

/** The value as text as it was given, or NULL when it has none; of a list see config_list_entry(). */
const char *config_text(const struct config *config, enum option_id id);

/** TYPE_FLAG: whether it is set. */
bool config_flag(const struct config *config, enum option_id id);

/**
 * TYPE_COUNT as it is, TYPE_SIZE in bytes, TYPE_INTERVAL in milliseconds, TYPE_TIME in seconds since the epoch,
 * TYPE_CHOICE as the number of the word, from 0.
 */
int64_t config_number(const struct config *config, enum option_id id);

/** TYPE_SHARE: 0 to 1. */
double config_share(const struct config *config, enum option_id id);

/** TYPE_LIST, TYPE_WORDS and TYPE_PROPERTIES: number of entries. */
size_t config_list_size(const struct config *config, enum option_id id);

/** TYPE_LIST, TYPE_WORDS and TYPE_PROPERTIES: entry `index`. */
const char *config_list_entry(const struct config *config, enum option_id id, size_t index);

/** TYPE_WORDS: the bit 1 << n for each that was given, n being its number in the option's `value`. */
unsigned config_words(const struct config *config, enum option_id id);

#endif
