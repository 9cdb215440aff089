/*
 * The log of Spark's file sink, `_spark_metadata`. A micro-batch that failed leaves files that its log does not have,
 * and the next attempt writes their rows again. Spark's own readers read what the log has.
 */
#ifndef ANTENNA_ARCHIVE_SPARK_LOG_H
#define ANTENNA_ARCHIVE_SPARK_LOG_H

#include "archive/disk.h"

/**
 * Looks for files, by their names, in the log of the archive. Sets `ret_has` of each, and whether there is a log.
 * Errors: ERROR_CONFIGURATION for a log that cannot be read as one, ERROR_UNAVAILABLE.
 */
int spark_log_find(const char *storage_path, const struct file_names *paths, bool *ret_has, bool *ret_exists,
                   struct error *error) must_check;

#endif
