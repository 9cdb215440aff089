#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/time.h"

/* Holds an error's message and hint (struct error) with the words around them. */
#define LOG_LINE_SIZE 2048
#define JSON_TIME_SIZE (TIME_TEXT_SIZE + sizeof(".-2147483648"))

/* Written before threads start, and read-only from then on: no lock is needed. */
static struct {
    enum log_level level;
    enum log_format format;
    bool journal;
    const char *command;
    char *job, *topic; /* or NULL */
} setup = {.level = LEVEL_INFO, .command = "antenna"};

static _Thread_local int worker_number;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

/* JOURNAL_STREAM is device and inode of the stream that systemd has connected (systemd.exec(5)); stderr may have been
 * sent elsewhere since. */
static bool is_journal(void)
{
    const char *text = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat status;

    return text && sscanf(text, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           device == (uintmax_t)status.st_dev && inode == (uintmax_t)status.st_ino;
}

void log_setup(enum log_level level, enum log_format format, const char *command)
{
    setup.level = level;
    setup.format = format;
    setup.command = command;
    setup.journal = is_journal();
}

void log_identify(const char *job, const char *topic)
{
    free(setup.job);
    free(setup.topic);
    setup.job = job ? memory_text(job, strlen(job)) : NULL;
    setup.topic = topic ? memory_text(topic, strlen(topic)) : NULL;
}

void log_set_worker(int worker)
{
    worker_number = worker;
}

static void write_text(struct buffer *line, enum log_level level, const char *code, const char *message)
{
    char now[TIME_TEXT_SIZE];

    if (!setup.journal)
        buffer_printf(line, "%s %s ", time_format(time_now(), now), level_names[level]);
    buffer_printf(line, "%s: %s%s%s\n", setup.command, code ? code : "", code ? ": " : "", message);
}

static void write_member(struct buffer *line, const char *name, const char *text)
{
    buffer_printf(line, ",\"%s\":", name);
    buffer_json_string(line, slice_of(text));
}

/* RFC 3339 with milliseconds. */
static const char *format_now(char text[JSON_TIME_SIZE])
{
    char seconds[TIME_TEXT_SIZE];
    int64_t now_ms = time_now_ms();

    time_format(now_ms / 1000, seconds);
    seconds[strlen(seconds) - 1] = '\0';
    snprintf(text, JSON_TIME_SIZE, "%s.%03dZ", seconds, (int)(now_ms % 1000));
    return text;
}

static void write_json(struct buffer *line, enum log_level level, const struct log_place *place, const char *code,
                       const char *message)
{
    char now[JSON_TIME_SIZE];

    buffer_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", format_now(now), level_names[level]);
    write_member(line, "command", setup.command);
    if (setup.job)
        write_member(line, "job", text_show(setup.job).text);
    if (setup.topic)
        write_member(line, "topic", text_show(setup.topic).text);
    if (worker_number)
        buffer_printf(line, ",\"worker\":%d", worker_number);
    if (place)
        buffer_printf(line, ",\"partition\":%d,\"offset\":%" PRId64, (int)place->partition, place->offset);
    if (code)
        write_member(line, "code", code);
    write_member(line, "message", message);
    buffer_text(line, "}\n");
}

/* One fwrite() writes the line: stdio locks the stream for each call, so lines of several threads do not mix. On a
 * terminal it replaces the progress. */
static void printf_like(4, 0) write_line(enum log_level level, const struct log_place *place, const struct error *error,
                                         const char *format, va_list arguments)
{
    const char *code = error ? error_code_table[error->code].code : NULL;
    cleanup(buffer_release) struct buffer line = {0};
    char message[LOG_LINE_SIZE];

    vsnprintf(message, sizeof(message), format, arguments);
    for (char *byte = message; (byte = strchr(byte, '\n')); byte++)
        *byte = ' ';
    text_make_printable(message);
    if (setup.journal)
        buffer_printf(&line, "<%d>", priorities[level]);
    else if (terminal_shows_progress(STDERR_FILENO))
        buffer_text(&line, TERMINAL_CLEAR_LINE);
    if (setup.format == LOG_JSON)
        write_json(&line, level, place, code, message);
    else
        write_text(&line, level, code, message);
    fwrite(line.data, 1, line.size, stderr);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;

    if (level > setup.level)
        return;
    va_start(arguments, format);
    write_line(level, NULL, NULL, format, arguments);
    va_end(arguments);
}

void log_line_at(enum log_level level, struct log_place place, const char *format, ...)
{
    va_list arguments;

    if (level > setup.level)
        return;
    va_start(arguments, format);
    write_line(level, &place, NULL, format, arguments);
    va_end(arguments);
}

void log_error(enum log_level level, const struct error *error, const char *format, ...)
{
    va_list arguments;

    if (level > setup.level)
        return;
    va_start(arguments, format);
    write_line(level, NULL, error, format, arguments);
    va_end(arguments);
}

void log_broken_invariant(const char *file, int line, const char *condition)
{
    log_line(LEVEL_ERROR, "a defect of the program, which ends it: %s does not hold (%s, line %d)", condition, file,
             line);
    abort();
}

void log_failure(const struct error *error)
{
    log_error(LEVEL_ERROR, error, "%s", error->message);
    if (error->hint[0])
        log_line(LEVEL_ERROR, "hint: %s", error->hint);
}

/* Whether a new disturbance is logged: at most LOG_TROUBLE_MAX in LOG_TROUBLE_MS, or a dependency that fails every
 * second would fill the log. */
static bool may_log(struct log_trouble *trouble, int64_t now_ms)
{
    if (trouble->count == 0 || now_ms - trouble->since_ms >= LOG_TROUBLE_MS) {
        trouble->since_ms = now_ms;
        trouble->count = 0;
    }
    if (trouble->count == LOG_TROUBLE_MAX)
        return false;
    trouble->count++;
    return true;
}

void log_trouble_begin(struct log_trouble *trouble, int64_t now_ms, const struct error *cause, const char *format, ...)
{
    cleanup(buffer_release) struct buffer message = {0};
    va_list arguments;

    trouble->now = true;
    trouble->logged = may_log(trouble, now_ms);
    if (!trouble->logged) {
        trouble->left_out++;
        return;
    }
    va_start(arguments, format);
    buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    if (trouble->left_out)
        buffer_printf(&message, " (and %" PRId64 " times before that were not said)", trouble->left_out);
    log_error(LEVEL_WARNING, cause, "%s", message.data);
    trouble->left_out = 0;
}

void log_trouble_end(struct log_trouble *trouble, const char *format, ...)
{
    va_list arguments;

    if (trouble->now && trouble->logged && LEVEL_INFO <= setup.level) {
        va_start(arguments, format);
        write_line(LEVEL_INFO, NULL, NULL, format, arguments);
        va_end(arguments);
    }
    trouble->now = false;
}
