#include "config/password.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int password_read(const char *path, struct password *ret_password, struct error *error)
{
    FILE *file = fopen(path, "re");
    bool found;

    if (!file)
        return error_set(error, ERROR_MISTAKE, "could not open the password file \"%s\": %m", path);
    found = fgets(ret_password->text, sizeof(ret_password->text), file) != NULL;
    fclose(file);
    if (found)
        ret_password->text[strcspn(ret_password->text, "\r\n")] = '\0';
    if (!found || !*ret_password->text)
        return error_set(error, ERROR_MISTAKE, "the first line of the password file \"%s\" is empty", path);
    return 0;
}

void password_wipe(struct password *password)
{
    explicit_bzero(password, sizeof(*password));
}
