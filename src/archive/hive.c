#include "archive/hive.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".parquet"

/* The folders from the storage path down to an hour's, and the values that their names may have. */
static const struct level {
    const char *name;
    long first, last;
} levels[HIVE_LEVELS] = {{"year", 0, 9999}, {"month", 1, 12}, {"day", 1, 31}, {"hour", 0, 23}};

const char *hive_level(size_t depth)
{
    return levels[depth].name;
}

long hive_value(const char *name, size_t depth)
{
    const struct level *level = &levels[depth];
    size_t size = strlen(level->name);
    char *end;
    long value;

    if (strncmp(name, level->name, size) != 0 || name[size] != '=' || !isdigit((unsigned char)name[size + 1]))
        return -1;
    errno = 0;
    value = strtol(name + size + 1, &end, 10);
    return *end || errno || value < level->first || value > level->last ? -1 : value;
}

bool hive_is_null(const char *name)
{
    const char *sign = strchr(name, '=');

    return sign && strcmp(sign + 1, HIVE_NULL) == 0;
}

bool hive_is_hidden(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

bool hive_is_file(const char *name)
{
    size_t size = strlen(name);

    return size >= strlen(SUFFIX) && strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}
