/* Help for the terminal, made from the option table. */
#ifndef ANTENNA_CONFIG_HELP_H
#define ANTENNA_CONFIG_HELP_H

#include <stdio.h>

#include "config/option.h"

/** Writes what the program is and its commands. */
void help_program(FILE *file);

/** Writes the line "usage: antenna …" of a command. */
void help_usage(FILE *file, enum command_id command);

/** Writes a command's usage, arguments, options with defaults, and examples. */
void help_command(FILE *file, enum command_id command);

#endif
