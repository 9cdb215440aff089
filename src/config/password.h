/* A password that a file holds in its first line. */
#ifndef ANTENNA_CONFIG_PASSWORD_H
#define ANTENNA_CONFIG_PASSWORD_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

/* PostgreSQL takes no longer one (PG_MAX_AUTH_TOKEN_LENGTH); tokens of clouds have some thousand bytes. */
#define PASSWORD_SIZE_MAX 65535

/**
 * Reads the first line of the file, all of it: blanks belong to the password, a byte order mark and the line's end, LF
 * or CRLF, do not. Error: ERROR_CONFIGURATION when it cannot be read, is empty, too long, or no text. Free with
 * password_free().
 */
int password_read(const char *path, char **ret_password, struct error *error) must_check;

/** Whether every user of the machine may read the file. */
bool password_is_exposed(const char *path) must_check;

/** Overwrites and frees the password. Fits cleanup(). */
void password_free(char **password);

#endif
