/* Help made from the option table: for the terminal and, as Markdown, for docs/reference.md. */
#ifndef ANTENNA_CONFIG_HELP_H
#define ANTENNA_CONFIG_HELP_H

#include <stdio.h>

#include "config/option.h"

/** Writes what the program is and its commands. */
void help_program(FILE *file);

/** Writes a command's usage, arguments, options with defaults, and examples. */
void help_command(FILE *file, enum command_id command);

/** Writes the reference page of all commands, with environment variables, as Markdown. */
void help_markdown(FILE *file);

#endif
