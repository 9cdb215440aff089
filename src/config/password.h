/* A password that a file holds in its first line. */
#ifndef ANTENNA_CONFIG_PASSWORD_H
#define ANTENNA_CONFIG_PASSWORD_H

#include "base/attributes.h"
#include "base/error.h"

#define PASSWORD_SIZE_MAX 1024

struct password {
    char text[PASSWORD_SIZE_MAX];
};

/** Reads the first line of the file. Error: ERROR_MISTAKE when it cannot be read or is empty. */
int password_read(const char *path, struct password *ret_password, struct error *error) must_check;

/** Overwrites the password. Fits cleanup(). */
void password_wipe(struct password *password);

#endif
