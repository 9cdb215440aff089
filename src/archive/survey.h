/* What lies in an archive's folder as a whole: the hours whose folders have files, and the files of no hour. */
#ifndef ANTENNA_ARCHIVE_SURVEY_H
#define ANTENNA_ARCHIVE_SURVEY_H

#include "archive/disk.h"

/** Zero-initialise, then survey_storage(); free with survey_release(). */
struct survey {
    int64_t *hours; /* whose folders have Parquet files; twice if both spellings of a folder do */
    size_t hour_count;
    struct file_names strays; /* paths of Parquet files that lie in no folder of an hour that events may have */
};

/**
 * Looks through all folders below `storage_path` but hidden ones, and those of years before `from` or after `to`, hours
 * in seconds since the Unix epoch. Errors: ERROR_CONFIGURATION for a folder that may not be opened; ERROR_UNAVAILABLE.
 */
int survey_storage(const char *storage_path, int64_t from, int64_t to, struct survey *survey, struct error *error)
    must_check;

/** Frees it. Fits cleanup(). */
void survey_release(struct survey *survey);

#endif
