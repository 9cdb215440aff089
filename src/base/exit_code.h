/* The exit codes of every command: a contract with scripts and service managers. */
#ifndef ANTENNA_BASE_EXIT_CODE_H
#define ANTENNA_BASE_EXIT_CODE_H

#include <stdbool.h>

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

#endif
