/* The tables in other words: what each file of this folder makes of them. */
#ifndef ANTENNA_TOOLS_GENERATE_H
#define ANTENNA_TOOLS_GENERATE_H

#include <stdio.h>

#include "config/option.h"

/** What may be offered in the place of a value. */
enum value_kind {
    VALUE_FREE, /* nothing: only its user knows */
    VALUE_WORD, /* one of the words of the option's `value`, separated by | */
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_COMMAND, /* a command of antenna */
};

/** What the option's value is. */
enum value_kind generate_value_kind(const struct option *option);

/** The page of all commands with their options and environment variables, as Markdown (reference.c). */
void generate_reference(FILE *file);

/** The page of error codes, as Markdown (errors.c). */
void generate_errors(FILE *file);

/** The manual page of the program, in mdoc(7) (manual.c). `date` is written as in "November 5, 2026". */
void generate_program_manual(FILE *file, const char *date);

/** The manual page of a command (manual.c). */
void generate_command_manual(FILE *file, enum command_id command, const char *date);

/** The completion for bash (bash.c). */
void generate_bash(FILE *file);

/** The completion for zsh (zsh.c). */
void generate_zsh(FILE *file);

/** The tables of fields and of totals as a Python module (tables.c). */
void generate_tables(FILE *file);

#endif
