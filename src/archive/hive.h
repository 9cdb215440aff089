/* The names of partitioned folders, year=…/month=…/day=…/hour=…, as Hive and its followers read them. */
#ifndef ANTENNA_ARCHIVE_HIVE_H
#define ANTENNA_ARCHIVE_HIVE_H

#include <stdbool.h>
#include <stddef.h>

/** Levels of folders from the storage path down to the folder of an hour. */
#define HIVE_LEVELS 4

/** The value of a partition column that is NULL, in the name of a folder. */
#define HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

/** The folder name of a level without its value, such as "year". */
const char *hive_level(size_t depth);

/** The value in the name of a folder at a depth: a number, with zeros before it or not. -1 for any other name. */
long hive_value(const char *name, size_t depth);

/** Whether a name is that of a folder for rows whose partition column is NULL. */
bool hive_is_null(const char *name);

/** Whether readers skip the name. */
bool hive_is_hidden(const char *name);

/** Whether readers take the name for that of a file to read. */
bool hive_is_file(const char *name);

#endif
