/*
 * Talk: one line an event on stderr, `2022-02-20T10:00:00Z info speed: …`. The owner of an operation logs it, once,
 * with its identity (job, topic, partition, offset, hour); functions below it return errors and stay silent.
 */
#ifndef ANTENNA_BASE_LOG_H
#define ANTENNA_BASE_LOG_H

#include "base/attributes.h"
#include "base/error.h"

/** Takes the cursor back to the beginning of the terminal's line and empties it (ECMA-48: CR, EL). */
#define LOG_CLEAR_LINE "\r\033[K"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/** Sets what is logged from now on (`level` and graver) and the name that lines carry. Call before threads start. */
void log_setup(enum log_level level, const char *name);

/** Writes a line; control characters in it become '?', so that input cannot forge lines or move a cursor. */
void log_line(enum log_level level, const char *format, ...) printf_like(2, 3);

/** Logs an error with its hint as the reason why `name` ends. */
void log_failure(const struct error *error);

#endif
