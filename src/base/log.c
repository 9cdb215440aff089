#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

#define LOG_LINE_SIZE 2048

static enum log_level log_limit = LOG_INFO;
static const char *log_name = "antenna";

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_setup(enum log_level level, const char *name)
{
    log_limit = level;
    log_name = name;
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_SIZE];
    char now[TIME_TEXT_SIZE];
    va_list arguments;

    if (level > log_limit)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *byte = text; (byte = strchr(byte, '\n')); byte++)
        *byte = ' ';
    text_make_printable(text);
    /* One call, so that lines of several threads do not mix. On a terminal a line takes the place of the progress. */
    fprintf(stderr, "%s%s %s %s: %s\n", isatty(STDERR_FILENO) ? LOG_CLEAR_LINE : "", time_format(time_now(), now),
            level_names[level], log_name, text);
}

void log_failure(const struct error *error)
{
    log_line(LOG_ERROR, "%s", error->message);
    if (error->hint[0])
        log_line(LOG_ERROR, "hint: %s", error->hint);
}
