#include "archive/layout.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/disk.h"
#include "base/time.h"

#define SUFFIX ".parquet"

void layout_name(char name[LAYOUT_NAME_SIZE], int64_t hour, const char *token, unsigned sequence)
{
    struct time_parts parts = time_split(hour);

    snprintf(name, LAYOUT_NAME_SIZE, "%04d%02d%02dT%02d-%s-%u.parquet", parts.year, parts.month, parts.day, parts.hour,
             token, sequence);
}

/* The path follows from the name alone, so that recovery can publish a file without asking the database for its hour.
 */
int layout_path(char path[LAYOUT_PATH_SIZE], const char *name)
{
    unsigned year, month, day, hour, sequence;
    char token[LAYOUT_TOKEN_DIGITS + 1];
    int size = 0;

    if (sscanf(name, "%4u%2u%2uT%2u-%16[0-9a-f]-%u.parquet%n", &year, &month, &day, &hour, token, &sequence, &size) !=
            6 ||
        size == 0 || name[size] != '\0' || size >= LAYOUT_NAME_SIZE)
        return -1;
    snprintf(path, LAYOUT_PATH_SIZE, "year=%u/month=%u/day=%u/hour=%u/%s", year, month, day, hour, name);
    return 0;
}

bool layout_is_none(const char *path)
{
    const char *sequence = strrchr(path, '-');

    return sequence && strcmp(sequence, "-0" SUFFIX) == 0;
}

bool layout_is_own(const char *path)
{
    char place[LAYOUT_PATH_SIZE];

    return layout_path(place, disk_name_of(path)) == 0;
}

void layout_hour_path(char path[LAYOUT_PATH_SIZE], int64_t hour)
{
    struct time_parts parts = time_split(hour);

    snprintf(path, LAYOUT_PATH_SIZE, "year=%d/month=%d/day=%d/hour=%d", parts.year, parts.month, parts.day, parts.hour);
}

void layout_swap_name(char name[LAYOUT_NAME_SIZE], int64_t hour, unsigned taken)
{
    struct time_parts parts = time_split(hour);
    int size = snprintf(name, LAYOUT_NAME_SIZE, LAYOUT_SWAP "%04d%02d%02dT%02d", parts.year, parts.month, parts.day,
                        parts.hour);

    if (taken)
        snprintf(name + size, LAYOUT_NAME_SIZE - (size_t)size, ".%u", taken);
}

/* Writes the name again and compares: sscanf() accepts more than we write, such as other text behind the numbers. */
int layout_swap_parse(const char *name, int64_t *ret_hour, unsigned *ret_taken)
{
    char text[TIME_TEXT_SIZE], again[LAYOUT_NAME_SIZE];
    unsigned year, month, day, hour, taken = 0;
    int64_t time;

    if (sscanf(name, LAYOUT_SWAP "%4u%2u%2uT%2u.%u", &year, &month, &day, &hour, &taken) < 4)
        return -1;
    snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:00:00Z", year, month, day, hour);
    if (!time_parse(text, &time))
        return -1;
    layout_swap_name(again, time, taken);
    if (strcmp(name, again) != 0)
        return -1;
    *ret_hour = time;
    *ret_taken = taken;
    return 0;
}

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
