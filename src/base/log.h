/*
 * Log output: one line an event on stderr. The owner of an operation logs it, once, with its identity (job, topic,
 * partition, offset, hour); functions below it return errors and stay silent.
 *
 * As text a line is `2022-02-20T10:00:00Z info speed: …`; as JSON it is an object with the members time, level, command
 * and message, and job, topic, worker, partition, offset and code where they are known. The code is that of an error,
 * which text has before the message: `… error speed: ANT-K012: …`. A line for the journal begins with
 * its priority, `<6>` (sd-daemon(3)), and as text leaves time and level to the journal.
 */
#ifndef ANTENNA_BASE_LOG_H
#define ANTENNA_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/** Trouble that comes and goes is said so often in so many milliseconds; more are counted. */
#define LOG_TROUBLE_MAX 5
#define LOG_TROUBLE_MS 60000

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

enum log_format { LOG_TEXT, LOG_JSON };

/**
 * Ends the process when what all code relies on does not hold, in release builds, too: what came after it could count a
 * message twice, and an end at any instant is safe. For what only a defect can break.
 */
#define invariant(condition) ((condition) ? (void)0 : log_broken_invariant(__FILE__, __LINE__, #condition))

/** What an event is about. */
struct log_place {
    int32_t partition;
    int64_t offset;
};

/** Trouble that may come and go without end. Zero-initialise. */
struct log_trouble {
    bool now;
    bool logged;      /* that it has begun */
    int64_t since_ms; /* from which on it was */
    int64_t count;    /* said so often */
    int64_t left_out; /* since it was said */
};

/**
 * Sets what is logged from now on (`level` and more severe ones), how, and the command that lines name. Finds out
 * whether stderr is the journal. Call before threads start.
 */
void log_setup(enum log_level level, enum log_format format, const char *command);

/** Sets the job and the topic, or NULL, that lines name until the process ends. Call before threads start. */
void log_identify(const char *job, const char *topic);

/** Sets the worker, from 1, that lines of the calling thread name from now on. */
void log_set_worker(int worker);

/** Writes a line; control characters in it become '?', so that input cannot forge lines or move a cursor. */
void log_line(enum log_level level, const char *format, ...) printf_like(2, 3);

/** The same about one place. */
void log_line_at(enum log_level level, struct log_place place, const char *format, ...) printf_like(3, 4);

/** The same about an error, whose code it has. */
void log_error(enum log_level level, const struct error *error, const char *format, ...) printf_like(3, 4);

/** Logs that a condition does not hold, with its place, and aborts; see invariant(). */
_Noreturn void log_broken_invariant(const char *file, int line, const char *condition);

/** Logs an error, and its hint in a line of its own, as the reason why the command ends. */
void log_failure(const struct error *error);

/**
 * Notes that trouble has begun at `now_ms`, of the monotonic clock, and says so as a warning, unless it was said
 * LOG_TROUBLE_MAX times within LOG_TROUBLE_MS; the next that is logged says how often it was not. `cause` is the error
 * whose code the warning has, or NULL.
 */
void log_trouble_begin(struct log_trouble *trouble, int64_t now_ms, const struct error *cause, const char *format, ...)
    printf_like(4, 5);

/** Notes that it is over, and says so if it was said that it had begun. Does nothing when there is none. */
void log_trouble_end(struct log_trouble *trouble, const char *format, ...) printf_like(2, 3);

#endif
