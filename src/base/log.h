/*
 * Talk: one line an event on stderr. The owner of an operation logs it, once, with its identity (job, topic, partition,
 * offset, hour); functions below it return errors and stay silent.
 *
 * As text a line is `2022-02-20T10:00:00Z info speed: …`; as JSON it is an object with the members time, level, command
 * and message, and job, topic, worker, partition and offset where they are known. A line for the journal begins with
 * its priority, `<6>` (sd-daemon(3)), and as text leaves time and level to the journal.
 */
#ifndef ANTENNA_BASE_LOG_H
#define ANTENNA_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/** An event that repeats is said so often in so many milliseconds; more are counted. */
#define LOG_REPEATS_MAX 5
#define LOG_REPEATS_MS 60000

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum log_format { LOG_TEXT, LOG_JSON };

/** What an event is about. */
struct log_place {
    int32_t partition;
    int64_t offset;
};

/** How often an event was said lately. Zero-initialise. */
struct log_repeats {
    int64_t begin_ms;
    int64_t said;
    int64_t left_out; /* since one was said */
};

/**
 * Sets what is logged from now on (`level` and graver), how, and the command that lines name. Finds out whether stderr
 * is the journal. Call before threads start.
 */
void log_setup(enum log_level level, enum log_format format, const char *command);

/** Sets the job and the topic that lines name from now on; the texts must outlive all lines. Before threads start. */
void log_identify(const char *job, const char *topic);

/** Sets the worker, from 1, that lines of the calling thread name from now on. */
void log_set_worker(int worker);

/** Writes a line; control characters in it become '?', so that input cannot forge lines or move a cursor. */
void log_line(enum log_level level, const char *format, ...) printf_like(2, 3);

/** The same about one place. */
void log_line_at(enum log_level level, struct log_place place, const char *format, ...) printf_like(3, 4);

/** Logs an error with its hint as the reason why the command ends. */
void log_failure(const struct error *error);

/**
 * Whether an event that may repeat without end is to be said at `now_ms`, of the monotonic clock. If so,
 * `ret_left_out` is how many were left out since the last that was said.
 */
bool log_repeat(struct log_repeats *repeats, int64_t now_ms, int64_t *ret_left_out) must_check;

#endif
