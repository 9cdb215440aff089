#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;

    error->kind = kind;
    error->hint[0] = '\0';
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return -1;
}

int error_hint(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->hint, sizeof(error->hint), format, arguments);
    va_end(arguments);
    return -1;
}

int error_context(struct error *error, const char *format, ...)
{
    char context[sizeof(error->message)];
    char message[sizeof(error->message)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    memcpy(message, error->message, sizeof(message));
    /* A message that no longer fits is cut at its end; the context names the object and stays whole. */
    if (snprintf(error->message, sizeof(error->message), "%s: %s", context, message) < 0)
        error->message[0] = '\0';
    return -1;
}

int error_exit_code(enum error_kind kind)
{
    switch (kind) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_MISTAKE:
        return EXIT_ENVIRONMENT;
    case ERROR_WORLD:
        return EXIT_UNAVAILABLE;
    case ERROR_FAILED:
    case ERROR_FENCED:
        break;
    }
    return EXIT_FAILED;
}
