#include "config/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"

/* Fills `text`, of PASSWORD_SIZE_MAX + 2 bytes, with the first line. A line that is too long fills it. */
static int read_line(FILE *file, char *text, size_t *ret_size, struct error *error)
{
    size_t size = 0;
    int byte;

    while (size < PASSWORD_SIZE_MAX + 1 && (byte = fgetc(file)) != EOF && byte != '\n')
        text[size++] = (char)byte;
    if (ferror(file))
        return error_set(error, ANT_PASSWORD_FILE, "%m");
    if (size > PASSWORD_SIZE_MAX)
        return error_set(error, ANT_PASSWORD_FILE, "its first line has more than %d bytes", PASSWORD_SIZE_MAX);
    if (memchr(text, '\0', size)) {
        error_set(error, ANT_PASSWORD_FILE, "it has a NUL byte, which no password has");
        return error_hint(error, "save the file as UTF-8; UTF-16 has such bytes");
    }
    *ret_size = size;
    return 0;
}

/* Moves the password to the text's beginning: without the mark that editors on Windows write, and the line's end. */
static int trim(char *text, size_t size, struct error *error)
{
    size_t mark = text_mark_size(text);

    if (size > mark && text[size - 1] == '\r')
        text[--size] = '\0';
    memmove(text, text + mark, size - mark + 1);
    return *text ? 0 : error_set(error, ANT_PASSWORD_FILE, "its first line is empty");
}

int password_read(const char *path, char **ret_password, struct error *error)
{
    cleanup(password_free) char *text = memory_new(PASSWORD_SIZE_MAX + 2, 1);
    FILE *file = fopen(path, "re");
    size_t size = 0;
    int status;

    if (!file)
        return error_set(error, ANT_PASSWORD_FILE, "could not open the password file \"%s\": %m", path);
    setvbuf(file, NULL, _IONBF, 0); /* no copy stays in stdio's memory */
    status = read_line(file, text, &size, error);
    fclose(file);
    if (status || trim(text, size, error))
        return error_context(error, "could not read a password from the file \"%s\"", path);
    *ret_password = memory_text(text, strlen(text));
    return 0;
}

bool password_is_exposed(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_mode & S_IROTH;
}

void password_free(char **password)
{
    if (*password)
        explicit_bzero(*password, strlen(*password));
    free(*password);
    *password = NULL;
}
