/* Whether a message that could not be decoded names somebody. */
#ifndef ANTENNA_RECORD_MENTION_H
#define ANTENNA_RECORD_MENTION_H

#include <stdbool.h>

#include "base/slice.h"

/**
 * Whether a text has `name`, which is not empty, as it is or with characters escaped as in JSON. A name that begins or
 * ends with a letter or digit is none in the middle of a word: "7" is not in "17". With `cut` the text has lost its
 * end, and a beginning of the name there counts, too.
 */
bool mention_find(struct slice text, bool cut, const char *name);

#endif
