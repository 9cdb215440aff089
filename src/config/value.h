/*
 * From an option's text to its value, by its type; and paths as users write them: plain, as URIs, as other programs of
 * the same job take them, or with a ~.
 */
#ifndef ANTENNA_CONFIG_VALUE_H
#define ANTENNA_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/option.h"

union value {
    bool flag;
    int64_t number;
    double share;
};

/**
 * Reads `text` as the option's type demands, within the option's bounds. TYPE_TEXT, TYPE_PATH, TYPE_LIST, TYPE_WORDS
 * and TYPE_PROPERTIES have no value beside their text, which must not be empty. Error: ERROR_USAGE with what was
 * expected; secret texts are not repeated.
 */
int value_parse(const struct option *option, const char *text, union value *ret_value, struct error *error) must_check;

/** The number of the word, `size` bytes, among those of the option's `value`, which | separates; or -1. */
int value_word(const struct option *option, const char *text, size_t size);

/**
 * The path on this machine that the text means: `file:/x`, `file:///x` and `file://localhost/x` are `/x`, without
 * percent-decoding, as Hadoop and so Spark read them; `~` and `~user` at the beginning are home folders, as for a
 * shell; anything else is the path itself. Error: ERROR_USAGE for other schemes, such as gs: and hdfs:, and for a home
 * folder that does not exist. Free the path.
 */
int path_resolve(const char *text, char **ret_path, struct error *error) must_check;

#endif
