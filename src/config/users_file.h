/* The file of users: CSV with the header `id,name,email,quota`. */
#ifndef ANTENNA_CONFIG_USERS_FILE_H
#define ANTENNA_CONFIG_USERS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

struct user {
    char *id; /* 1 to 256 bytes, unlike every other user's */
    char *name;
    char *email;   /* not empty */
    int64_t quota; /* bytes an hour, >= 0 */
};

struct users {
    struct user *list;
    size_t count;
};

/**
 * Reads a file of users. Lines that are not valid are named by their number, the first few of them, in one error:
 * ERROR_CONFIGURATION; then nothing is returned. Release with users_release().
 */
int users_file_load(const char *path, struct users *ret_users, struct error *error) must_check;

/** Frees the users. Fits cleanup(). */
void users_release(struct users *users);

#endif
