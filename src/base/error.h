/*
 * One error object, owned by the caller, filled by the function that fails.
 *
 * Convention of the whole program: a function that can fail returns 0 when it succeeded and -1 when it failed, takes
 * `struct error *error` as its last argument and fills it before it returns -1. Positive results are conditions
 * that each function documents. Outputs named `ret_` are untouched on failure. An allocation that fails ends the
 * process (see memory.h).
 */
#ifndef ANTENNA_BASE_ERROR_H
#define ANTENNA_BASE_ERROR_H

#include "base/attributes.h"
#include "base/exit_code.h"

/** What a failure asks of its caller; every kind is treated in exactly one way. */
enum error_kind {
    ERROR_FAILED = 1, /* unexpected: a defect, or an answer that nobody planned for; ends the job */
    ERROR_USAGE,      /* the command line is wrong */
    ERROR_MISTAKE,    /* environment or configuration that the operator must fix: wrong password, missing table */
    ERROR_WORLD,      /* Kafka, PostgreSQL or the disk is unavailable now: wait and try again */
    ERROR_FENCED,     /* another worker has taken a partition: drop what is in memory and claim again */
};

struct error {
    enum error_kind kind;
    char message[1024]; /* what could not be done, with which object, and why; no capital, no full stop */
    char hint[512];     /* what to do next, or empty */
};

/** Fills `error` with a message and clears its hint. Always returns -1, for `return error_set(…)`. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...) printf_like(3, 4);

/** Adds what to do next to an error that is set. Always returns -1. */
int error_hint(struct error *error, const char *format, ...) printf_like(2, 3);

/** Puts "context: " before the message of an error that is set. Always returns -1. */
int error_context(struct error *error, const char *format, ...) printf_like(2, 3);

/** The process exit code for a kind. */
int error_exit_code(enum error_kind kind);

#endif
