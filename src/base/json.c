#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

/* Ends the process, as memory_new() does: an incomplete document would look valid to a script. */
static void end(void)
{
    log_line(LEVEL_ERROR, "could not make JSON: memory is used up, or a text is not UTF-8");
    exit(EXIT_FAILURE);
}

json_t *json_require(json_t *value)
{
    if (!value)
        end();
    return value;
}

void json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, json_require(value)))
        end();
}

void json_set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, json_require(value)))
        end();
}

int json_print(json_t *object, size_t flags, struct error *error)
{
    int status = json_dumpf(json_require(object), stdout, flags);

    json_decref(object);
    if (status || putchar('\n') == EOF)
        return error_set(error, ANT_OUTPUT_FAILED, "could not write to standard output: %m");
    return 0;
}

void json_print_line(json_t *object)
{
    struct error ignored;

    if (json_print(object, JSON_COMPACT, &ignored))
        return;
}
