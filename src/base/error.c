#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct exit_code_row exit_code_table[EXIT_CODES] = {
    [EXIT_DONE] = {"done", "all of it is done, or the service was stopped by SIGTERM, SIGINT or SIGHUP", false},
    [EXIT_FAILED] = {"defect", "a defect of the program, or an answer that it does not know", true},
    [EXIT_USAGE] = {"usage", "the command line is wrong", false},
    [EXIT_ENVIRONMENT] = {"environment or configuration",
                          "the environment or the configuration is wrong, such as a password, a table or a topic; the "
                          "operator must fix it",
                          false},
    [EXIT_DIFFERENCE] = {"difference", "a check found a difference, or a limit is passed", false},
    [EXIT_UNAVAILABLE] = {"unavailable",
                          "a dependency is unavailable now: a server is down or restarts, a disk is full", true},
    [EXIT_INCOMPLETE] = {"incomplete",
                         "the command was interrupted before all was done, or some of it cannot be done yet", true},
};

const struct error_code_row error_code_table[ERROR_CODES] = {
#define ERROR_AREA(letter, name)
#define ERROR_CODE(NAME, code, KIND, title, cause, fix) [NAME] = {code, ERROR_##KIND},
#include "base/error_codes.def"
};

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
    va_list arguments;

    error->code = code;
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
    /* If both do not fit, the end of the message is truncated: the context names the object, and must stay whole. */
    if (snprintf(error->message, sizeof(error->message), "%s: %s", context, message) < 0)
        error->message[0] = '\0';
    return -1;
}

struct error_text error_show(const struct error *error)
{
    struct error_text text;

    snprintf(text.text, sizeof(text.text), "%s%s%s", error->message, *error->hint ? "; " : "", error->hint);
    return text;
}

enum error_kind error_kind(const struct error *error)
{
    return error_code_table[error->code].kind;
}

void error_keep_worst(enum error_code *worst, const struct error *error)
{
    /* The values of the kinds ascend from the most severe. */
    if (*worst == ERROR_NONE || error_kind(error) < error_code_table[*worst].kind)
        *worst = error->code;
}

int error_exit_code(enum error_kind kind)
{
    switch (kind) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_CONFIGURATION:
        return EXIT_ENVIRONMENT;
    case ERROR_UNAVAILABLE:
        return EXIT_UNAVAILABLE;
    case ERROR_FAILED:
    case ERROR_FENCED:
        break;
    }
    return EXIT_FAILED;
}
