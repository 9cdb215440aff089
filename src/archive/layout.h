/*
 * Where the files of the archive lie and how they are named. The folders are the contract with every reader:
 * `<root>/data/year=2022/month=2/day=20/hour=9/`, numbers not padded. A file's name has its hour and its writer,
 * `20220220T09-<token>-<sequence>.parquet`, so that its place follows from its name alone. Of other writers' folders
 * and files the names are read as Hive and its followers read them.
 */
#ifndef ANTENNA_ARCHIVE_LAYOUT_H
#define ANTENNA_ARCHIVE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/** Digits of a writer's token: 64 random bits in hexadecimal. */
#define LAYOUT_TOKEN_DIGITS 16

/** Bytes for a file's name and for its path below the data folder, NUL included. */
#define LAYOUT_NAME_SIZE 96
#define LAYOUT_PATH_SIZE 192

/** The folder below the root that holds year=…, and the one where files are written. */
#define LAYOUT_DATA "data"
#define LAYOUT_STAGING ".staging"

/** A folder in a writer's own that is to take the place of an hour's folder has this before the hour. */
#define LAYOUT_SWAP "swap-"

/** Writes the name of a writer's `sequence`th file, which holds rows of the hour that begins at `hour`. */
void layout_name(char name[LAYOUT_NAME_SIZE], int64_t hour, const char *token, unsigned sequence);

/** Writes the path below the data folder of the file with this name. Returns -1 when it is no name of ours. */
int layout_path(char path[LAYOUT_PATH_SIZE], const char *name) must_check;

/** No file has this number: the file that "replaces" those that are removed from the archive. */
#define LAYOUT_SEQUENCE_NONE 0

/** Whether a path is that of a file which no writer makes: LAYOUT_SEQUENCE_NONE. */
bool layout_is_none(const char *path);

/** Whether a file has, by its name, been written by the speed layer or by compaction. */
bool layout_is_own(const char *path);

/** Writes the path below the data folder of the hour's folder. */
void layout_hour_path(char path[LAYOUT_PATH_SIZE], int64_t hour);

/** Writes the name of the folder that will take the place of the hour's, after it was taken over so many times. */
void layout_swap_name(char name[LAYOUT_NAME_SIZE], int64_t hour, unsigned taken);

/** The hour of such a name, and how many times it was taken over. Returns -1 when it is none. */
int layout_swap_parse(const char *name, int64_t *ret_hour, unsigned *ret_taken) must_check;

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
