/*
 * A thread that encodes the rows of a roll to Parquet files in staging, while the worker goes on with other work. The
 * worker calls encoder_begin(), may ask encoder_is_done(), and calls encoder_wait() once; then it may begin again.
 *
 * The encoding passes from the worker to the thread and back under the lock, which also orders all accesses to it: no
 * member of it needs to be atomic.
 */
#ifndef ANTENNA_ARCHIVE_ENCODER_H
#define ANTENNA_ARCHIVE_ENCODER_H

#include "archive/parquet.h"
#include "archive/staging.h"

struct encoder;

/** One file, which holds the rows of one hour. */
struct encoded_file {
    char name[LAYOUT_NAME_SIZE];
    int64_t size; /* bytes; filled by the encoder */
};

/** What is encoded. It belongs to the encoder from encoder_begin() to the return of encoder_wait(). */
struct encoding {
    struct rows rows;                    /* sorted; the columns of each hour are dropped when it is encoded */
    struct encoded_file *files;          /* one for each hour of the rows */
    const struct dictionary *dictionary; /* may get names meanwhile; must not be cleared */
    const struct staging *staging;       /* must be neither renewed nor closed meanwhile */
    int64_t cpu_ns;                      /* CPU time that it took; filled by the encoder */
};

/** Starts the thread, for the worker of that number. Close with encoder_close(). */
int encoder_open(enum parquet_codec codec, int worker, struct encoder **ret_encoder, struct error *error) must_check;

/** Ends the thread and frees; nothing is being encoded. NULL is fine. */
void encoder_close(struct encoder *encoder);

/** Begins to write the files, after the last ones were waited for. */
void encoder_begin(struct encoder *encoder, struct encoding *encoding);

/** Whether encoder_wait() returns at once. */
bool encoder_is_done(struct encoder *encoder);

/**
 * Waits until all files and their names are on disk. Errors: as parquet_write(), with the files left for their owner to
 * delete.
 */
int encoder_wait(struct encoder *encoder, struct error *error) must_check;

#endif
