/*
 * Compaction: the many small files of a sealed hour become few large ones, with the same rows. Readers of the list and
 * readers of the folder see the files before it or those after it; batch runs of the hour wait. rewrite.h has the
 * steps.
 */
#ifndef ANTENNA_BATCH_COMPACT_H
#define ANTENNA_BATCH_COMPACT_H

#include "batch/rewrite.h"

/** What became of an hour. */
enum compact_result {
    COMPACT_NOT_ASKED,
    COMPACT_MERGED,
    COMPACT_FEW,        /* there are not several small files */
    COMPACT_OPEN,       /* the hour is not sealed: more files are to come */
    COMPACT_UNFINISHED, /* another run is at it, or a dead one's recovery by another process */
};

struct compact_report {
    enum compact_result result;
    size_t files_before, files_after; /* that are listed */
};

/**
 * Compacts an hour, and first brings to its end what dead writers have left. Errors: ERROR_CONFIGURATION for a file
 * that is missing, damaged or not as the list says, with its name, and where folders cannot be exchanged;
 * ERROR_UNAVAILABLE. Until the transaction that lists the new files ends, an error changes nothing; after it, recovery
 * brings the hour to its end.
 */
int compact_hour(const struct rewrite_tools *tools, const struct hour_entry *entry, struct compact_report *ret_report,
                 struct error *error) must_check;

#endif
