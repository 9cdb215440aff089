/*
 * The data set that a schema `antenna` is: one set of tables, one archive, and the jobs that count into them. Its
 * rules: docs/data-set.md.
 */
#ifndef ANTENNA_POSTGRES_DATA_SET_H
#define ANTENNA_POSTGRES_DATA_SET_H

#include "config/config.h"
#include "postgres/progress.h"

/** Bytes of an identity as text, NUL included: a UUID. */
#define DATA_SET_ID_SIZE 37

/** A job that is about to count. */
struct data_set_job {
    struct progress_key key;
    const char *table;     /* of its window totals */
    bool archive;          /* whether it archives */
    const int64_t *starts; /* where the partitions 0, 1, … would begin; NULL: it has begun */
    size_t start_count;
};

/** What the database knows of the archive. */
struct data_set_archive {
    char id[DATA_SET_ID_SIZE]; /* its identity */
    bool marked;               /* a root has got it */
    bool listed;               /* files are listed */
    bool counted;              /* a job has begun to count */
};

/**
 * Notes the tables of the data set, inside the transaction of provision; replaces those that are gone or have never
 * held a row. Error: ERROR_CONFIGURATION for other tables than the data set's.
 */
int data_set_note(struct postgres *postgres, const struct config *config, struct error *error) must_check;

/** Checks that the tables which the command uses are the data set's; with --no-archive another table of window totals
 * will do. Also that the views read the data set's tables, which may have been replaced. Error: ERROR_CONFIGURATION. */
int data_set_check(struct postgres *postgres, const struct config *config, struct error *error) must_check;

/** Keeps other processes from deciding what they are to the data set until data_set_unlock() or the session's end. */
int data_set_lock(struct postgres *postgres, struct error *error) must_check;

/** Ends data_set_lock(). */
int data_set_unlock(struct postgres *postgres, struct error *error) must_check;

/**
 * Checks that a job which reads the topic of this id (empty: the broker has none) may count, and notes it. `ret_same`
 * is whether the topic is still the one that the job began with. Error: ERROR_CONFIGURATION when messages would be
 * counted twice, or in one of the layers only.
 */
int data_set_join(struct postgres *postgres, const struct data_set_job *job, const char *id, bool *ret_same,
                  struct error *error) must_check;

/** Reads what the database knows of the archive. */
int data_set_read_archive(struct postgres *postgres, struct data_set_archive *ret_archive, struct error *error)
    must_check;

/** Notes that a root has the archive's identity `id`. */
int data_set_mark_archive(struct postgres *postgres, const char *id, struct error *error) must_check;

#endif
