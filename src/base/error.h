/*
 * One error object, owned by the caller, filled by the function that fails, and the exit codes that follow from it.
 * Each error has a code of the table in error_codes.def, which decides its kind.
 *
 * Convention of the whole program: a function that can fail returns 0 when it succeeded and -1 when it failed, takes
 * `struct error *error` as its last argument and fills it before it returns -1. Positive results are conditions
 * that each function documents. Outputs named `ret_` are untouched on failure. An allocation that fails ends the
 * process (see memory.h).
 */
#ifndef ANTENNA_BASE_ERROR_H
#define ANTENNA_BASE_ERROR_H

#include <stdbool.h>

#include "base/attributes.h"

/** The exit codes of every command: a contract with scripts and service managers. */
enum exit_code {
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_ENVIRONMENT,
    EXIT_DIFFERENCE,
    EXIT_UNAVAILABLE,
    EXIT_INCOMPLETE,
    EXIT_CODES /* the number of codes */
};

struct exit_code_row {
    const char *word;    /* for --help */
    const char *meaning; /* for the reference and the manual pages; no full stop */
    bool retry;          /* whether the same command may succeed later, without a change by the operator */
};

/** A row for each code, by which --help, the manual pages and the reference describe it. */
extern const struct exit_code_row exit_code_table[EXIT_CODES];

/** What a failure asks of its caller; every kind is treated in exactly one way. */
enum error_kind {
    ERROR_FAILED = 1,    /* unexpected: a defect, or an answer that nobody planned for; ends the job */
    ERROR_USAGE,         /* the command line is wrong */
    ERROR_CONFIGURATION, /* environment or configuration that the operator must fix: wrong password, missing table */
    ERROR_UNAVAILABLE,   /* Kafka, PostgreSQL or the disk is unavailable now: wait and try again */
    ERROR_FENCED,        /* another worker has taken a partition: drop what is in memory and claim again */
};

/** The codes of error_codes.def; a zeroed error has none. */
enum error_code {
    ERROR_NONE,
#define ERROR_AREA(letter, name)
#define ERROR_CODE(NAME, code, KIND, title, cause, fix) NAME,
#include "base/error_codes.def"
#undef ERROR_CODE
#undef ERROR_AREA
    ERROR_CODES
};

struct error_code_row {
    const char *code; /* as it is printed, such as ANT-K012 */
    enum error_kind kind;
};

/** A row for each code but ERROR_NONE. */
extern const struct error_code_row error_code_table[ERROR_CODES];

struct error {
    enum error_code code;
    char message[1024]; /* what could not be done, with which object, and why; no capital, no full stop */
    char hint[512];     /* what to do next, or empty */
};

struct error_text {
    char text[1024 + 512 + 2];
};

/** Fills `error` with a message and clears its hint. Always returns -1, for `return error_set(…)`. */
int error_set(struct error *error, enum error_code code, const char *format, ...) printf_like(3, 4);

/** Adds what to do next to an error that is set. Always returns -1. */
int error_hint(struct error *error, const char *format, ...) printf_like(2, 3);

/** Puts "context: " before the message of an error that is set. Always returns -1. */
int error_context(struct error *error, const char *format, ...) printf_like(2, 3);

/** Message and hint in one line. */
struct error_text error_show(const struct error *error);

/** What an error asks of its caller. */
enum error_kind error_kind(const struct error *error);

/** Keeps in `worst` the code of the more severe error: a retry helps only where it helps all. Begin with ERROR_NONE. */
void error_keep_worst(enum error_code *worst, const struct error *error);

/** The process exit code for a kind. */
int error_exit_code(enum error_kind kind);

#endif
