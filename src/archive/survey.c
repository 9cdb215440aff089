#include "archive/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/layout.h"
#include "base/memory.h"
#include "base/time.h"
#include "record/record.h"

/* The depth of a folder that is not on the way to an hour. */
#define OFF_PATH (HIVE_LEVELS + 1)

/* A folder that is searched, and the values in the names of the folders above it. */
struct place {
    const char *path;
    size_t depth;
    long parts[HIVE_LEVELS];
};

struct walk {
    struct survey *survey;
    long first_year, last_year;
};

static int walk_folder(const struct walk *walk, const struct place *place, struct error *error);

/* A Parquet file: of an hour, unless its folder names none, such as one of 31 February. */
static void take_file(const struct walk *walk, const struct place *place, const char *path)
{
    struct survey *survey = walk->survey;
    char text[TIME_TEXT_SIZE];
    int64_t hour;

    snprintf(text, sizeof(text), "%04ld-%02ld-%02ldT%02ld:00:00Z", place->parts[0], place->parts[1], place->parts[2],
             place->parts[3]);
    if (place->depth != HIVE_LEVELS || !time_parse(text, &hour) || hour < RECORD_TIME_MIN || hour >= RECORD_TIME_END) {
        file_names_add(&survey->strays, path);
        return;
    }
    if (survey->hour_count && survey->hours[survey->hour_count - 1] == hour)
        return;
    survey->hours = memory_resize(survey->hours, survey->hour_count + 1, sizeof(*survey->hours));
    survey->hours[survey->hour_count++] = hour;
}

static int take_entry(const struct walk *walk, const struct place *place, const char *name, struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", place->path, name);
    struct place below = *place;
    long value = place->depth < HIVE_LEVELS ? hive_value(name, place->depth) : -1;

    if (hive_is_hidden(name) ||
        (place->depth == 0 && value >= 0 && (value < walk->first_year || value > walk->last_year)))
        return 0;
    if (value < 0 && hive_is_file(name)) {
        take_file(walk, place, path);
        return 0;
    }
    below.path = path;
    below.depth = value < 0 ? OFF_PATH : place->depth + 1;
    if (value >= 0)
        below.parts[place->depth] = value;
    return walk_folder(walk, &below, error);
}

static int walk_folder(const struct walk *walk, const struct place *place, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};
    /* Links are followed only on the way to an hour, whose depth is limited: others could form a cycle. */
    int opened = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (place->depth == OFF_PATH ? O_NOFOLLOW : 0));
    DIR *folder = opened < 0 ? NULL : fdopendir(opened);

    /* A file, a link, or a folder that compaction has taken away. */
    if (opened < 0 && place->depth > 0 && (errno == ENOTDIR || errno == ENOENT || errno == ELOOP))
        return 0;
    if (!folder)
        return error_set(error, ANT_DISK_REFUSED, "could not open the folder \"%s\": %s", place->path, strerror(errno));
    if (disk_read_folder(folder, &names))
        return error_set(error, ANT_DISK_FAILED, "could not read the folder \"%s\": %s", place->path, strerror(errno));
    for (size_t i = 0; i < names.count; i++)
        if (take_entry(walk, place, names.names[i], error))
            return -1;
    return 0;
}

int survey_storage(const char *storage_path, int64_t from, int64_t to, struct survey *survey, struct error *error)
{
    /* A year that no event may have has stray files only. */
    const struct walk walk = {survey, from > RECORD_TIME_MIN ? time_split(from).year : 0,
                              to < RECORD_TIME_END - SECONDS_PER_HOUR ? time_split(to).year : LONG_MAX};
    const struct place root = {.path = storage_path};

    return walk_folder(&walk, &root, error);
}

void survey_release(struct survey *survey)
{
    free(survey->hours);
    file_names_release(&survey->strays);
    *survey = (struct survey){0};
}
