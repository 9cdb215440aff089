/*
 * Files that the speed layer did not write, such as those of the Spark job: in which folders an hour's rows lie, and
 * what their rows are. Nothing about them is listed, so each is inspected before it is summed up.
 */
#ifndef ANTENNA_ARCHIVE_FOREIGN_H
#define ANTENNA_ARCHIVE_FOREIGN_H

#include "archive/disk.h"
#include "archive/shape.h"

/** How an archive of another program is sorted. */
struct foreign_rule {
    const char *time_zone; /* of its folders and of timestamps without a zone; NULL: folders are UTC */
    bool by_timestamp;     /* rows are of the hour of their timestamp, whatever their folder */
};

/** A folder that may have rows of the hour. Times are seconds since the Unix epoch. */
struct foreign_folder {
    int64_t hour;     /* what its name says, as if it were UTC */
    int64_t from, to; /* event times that may be in it, without `to` */
};

struct foreign_folders {
    struct foreign_folder *list;
    size_t count;
};

/** Frees them. Fits cleanup(). */
void foreign_folders_release(struct foreign_folders *folders);

/** Refuses a rule whose time zone is not known. Errors: ERROR_CONFIGURATION. */
int foreign_check_rule(struct database *database, const struct foreign_rule *rule, struct error *error) must_check;

/** The folders in which rows of an hour may lie. Free with foreign_folders_release(). */
int foreign_find_folders(struct database *database, const struct foreign_rule *rule, int64_t hour,
                         struct foreign_folders *ret_folders, struct error *error) must_check;

/** One file; the shape is set by foreign_inspect(). */
struct foreign_file {
    struct foreign_folder folder; /* that it lies in */
    struct shape shape;
};

/** Zero-initialise; free with foreign_files_release(). files[i] is of paths.names[i]. */
struct foreign_files {
    struct file_names paths;
    struct foreign_file *files;
    int64_t hour;
    struct foreign_rule rule;
};

/** Adds a file. */
void foreign_files_add(struct foreign_files *files, const char *path, const struct foreign_folder *folder);

/** Removes the files that are not wanted, by their order. */
void foreign_files_keep(struct foreign_files *files, const bool *wanted);

/** Frees them. Fits cleanup(). */
void foreign_files_release(struct foreign_files *files);

/** Rows of an hour that our rules for events reject. */
struct foreign_rejects {
    int64_t missing_field; /* without a required time or text: left out */
    int64_t out_of_range;  /* with a name that is empty or too long, or less than 0 bytes: left out */
    int64_t without_bytes; /* these count as 0 bytes */
};

/**
 * Reads which rows the files have, and removes files from the list that have none of the hour. Errors: those of
 * shapes_read(); ERROR_CONFIGURATION, naming the file, for event times that may not be in its folder.
 */
int foreign_inspect(struct database *database, struct foreign_files *files, struct foreign_rejects *ret_rejects,
                    struct error *error) must_check;

/** Appends a query of the hour's rows that our rules accept, with the columns of shapes_append() that are wanted. */
void foreign_append(struct buffer *sql, const struct foreign_files *files, unsigned wanted);

#endif
