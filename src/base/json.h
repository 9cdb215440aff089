/* JSON for scripts: what jansson could not make is never left out without a word. */
#ifndef ANTENNA_BASE_JSON_H
#define ANTENNA_BASE_JSON_H

#include <jansson.h>

#include "base/attributes.h"
#include "base/error.h"

/** The value, which is not NULL; ends the process with exit code 1 when it is: memory is used up, or a text is no
 * UTF-8. */
json_t *json_require(json_t *value);

/** Appends a value and takes it over; ends the process as json_require() does. */
void json_append(json_t *array, json_t *value);

/** Sets a member and takes the value over; ends the process as json_require() does. */
void json_set(json_t *object, const char *name, json_t *value);

/** Prints an object with a line break on standard output and frees it. Error: ERROR_UNAVAILABLE when it cannot be
 * written. */
int json_print(json_t *object, size_t flags, struct error *error) must_check;

/** Prints an object in a line of its own, one of several, and frees it. main() checks standard output at the end: that
 * it cannot be written stops none of the work that the lines report. */
void json_print_line(json_t *object);

#endif
