/* The files of an hour that a batch run reads: listed ones of its own archive, and others when they are asked for. */
#ifndef ANTENNA_BATCH_INPUT_H
#define ANTENNA_BATCH_INPUT_H

#include "archive/reader.h"
#include "config/config.h"
#include "postgres/hours.h"

/** Which files are read. */
struct input_rule {
    const char *storage_path;     /* of the archive that the list is of; NULL: it is left out */
    const char *old_storage_path; /* another archive; NULL: none */
    bool all_files;               /* of the first also those that are not listed */
    bool stop_at_rejects;
    struct foreign_rule foreign; /* of files that are not listed */
};

/** Zero-initialise, then input_read(); free with input_release(). */
struct input {
    struct listed_files listed; /* as the list has them, with the replaced ones */
    struct file_names own;      /* paths of listed files but those that are replaced or added, in the list's order */
    struct foreign_files foreign;
    struct foreign_rejects rejects; /* rows of the foreign files */
    size_t unlisted;                /* files that were found and are not listed, read or not */
    size_t left_out;                /* of them, that are not read */
    char *stray;                    /* the first Parquet file of them that lies in the hour's folder; NULL: none */
    int64_t listed_rows, listed_bytes;
};

/** Reads the rule from the options of batch. Errors: ERROR_USAGE for options that do not go together. */
int input_read_rule(const struct config *config, struct input_rule *ret_rule, struct error *error) must_check;

/** Whether it asks for files that are not listed. */
bool input_reads_foreign(const struct input_rule *rule);

/** Checks that the folders of the rule can be archives. Errors: ERROR_CONFIGURATION, ERROR_USAGE for an unknown time
 * zone. */
int input_check_rule(const struct input_rule *rule, struct reader *reader, struct error *error) must_check;

/**
 * Checks that the folders of the rule are the archive of the database, and another's; `archive_id` gets the identity of
 * the former, or stays. With `adopt` the folder becomes the archive, unless it has been it. Errors: as
 * identity_check().
 */
int input_check_archive(const struct input_rule *rule, struct postgres *postgres, bool adopt, char *archive_id,
                        struct error *error) must_check;

/**
 * Finds the files of an hour and compares the listed ones with the list. `listed` is whether the database has a
 * list; without one all files are read. Errors: ERROR_CONFIGURATION for a listed file that is missing or has other
 * rows, for a file that is there twice, for foreign files that cannot be read as events of the hour, and where no
 * archive is.
 */
int input_read(const struct input_rule *rule, struct postgres *postgres, bool listed, struct reader *reader,
               int64_t hour, struct input *input, struct error *error) must_check;

/** Fails with ERROR_CONFIGURATION, naming the first listed file whose rows are not those that were archived. */
int input_refuse_altered(const struct input *input, struct reader *reader, struct error *error) must_check;

/** Compares the bytes that were summed up with those that are listed. Errors: as input_refuse_altered(). */
int input_check_bytes(const struct input *input, struct reader *reader, int64_t bytes, struct error *error) must_check;

/** Refuses fewer bytes, of listed files or of others, than the last batch run of the hour read. Error:
 * ERROR_CONFIGURATION.
 */
int input_check_noted(const struct input *input, struct postgres *postgres, int64_t hour, int64_t bytes,
                      struct error *error) must_check;

/** Whether a file has left where it was found: its writer, or a recovery, moves it to its place at any time. */
bool input_has_moved(const struct input *input);

/** Frees it. Fits cleanup(). */
void input_release(struct input *input);

#endif
