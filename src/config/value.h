/* From an option's text to its value, by its type. */
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
 * Reads `text` as the option's type demands, within the option's bounds. TYPE_TEXT, TYPE_PATH, TYPE_LIST
 * and TYPE_PROPERTIES have no value beside their text, which must not be empty. Error: ERROR_USAGE with what was
 * expected; secret texts are not repeated.
 */
int value_parse(const struct option *option, const char *text, union value *ret_value, struct error *error) must_check;

/** The number of the word, `size` bytes, among those of the option's `value`, which | separates; or -1. */
int value_word(const struct option *option, const char *text, size_t size);

#endif
