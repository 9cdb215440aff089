/* A configuration as text, for people and to be read again. */
#ifndef ANTENNA_CONFIG_SHOW_H
#define ANTENNA_CONFIG_SHOW_H

#include <stdio.h>

#include "config/config.h"

/**
 * Writes the command's effective values as a section of a configuration file, each behind a comment with its
 * source. Read again with --config, it gives the same values except those in comments: secrets, which are
 * hidden, and arguments that are missing.
 */
void config_show(FILE *file, const struct config *config);

#endif
