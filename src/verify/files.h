/* The Parquet files of an hour beside the list: each is there, whole, and the only ones in the folder. */
#ifndef ANTENNA_VERIFY_FILES_H
#define ANTENNA_VERIFY_FILES_H

#include "archive/reader.h"
#include "verify/verify.h"

/** What the files are held against. */
struct files_check {
    struct reader *reader;
    const char *storage_path;
    bool deep; /* read their rows too */
    const struct listed_files *listed;
};

/**
 * Looks at each listed file, and at `folder`, the paths of what lies in the hour's folder, which were read before the
 * list. Fills `files`, `file_rows` and `file_bytes` of the finding, adds differences, and gives the paths of the files
 * that are whole.
 */
void verify_files(const struct files_check *check, const struct file_names *folder, struct hour_finding *finding,
                  struct file_names *ret_whole);

#endif
