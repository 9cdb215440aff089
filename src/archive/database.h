/*
 * DuckDB in this process: an in-memory database that encodes and reads Parquet. Its memory is bounded, it loads no
 * configuration of the user's and no extension. One database belongs to one thread of ours.
 */
#ifndef ANTENNA_ARCHIVE_DATABASE_H
#define ANTENNA_ARCHIVE_DATABASE_H

#include <duckdb.h>

#include "archive/disk.h"
#include "base/buffer.h"

struct database {
    duckdb_database handle;
    duckdb_connection connection;
};

/** Opens a database that works with so many threads; release with database_release(). */
int database_open(int threads, struct database *ret_database, struct error *error) must_check;

/** Closes it; a zeroed struct is fine. Fits cleanup(). */
void database_release(struct database *database);

/**
 * Runs one statement. Errors: ERROR_WORLD for input and output (disk full, file missing), else ERROR_FAILED.
 * Free the result with duckdb_destroy_result(), which also fits cleanup(); `ret_result` may be NULL.
 */
int database_run(struct database *database, const char *sql, duckdb_result *ret_result, struct error *error) must_check;

/** Appends a text as SQL writes it, quoted. */
void database_quote(struct buffer *sql, const char *text);

/** Appends the path of a file that is to be read, as SQL writes a text that stands for no other path. */
void database_quote_path(struct buffer *sql, const char *path);

/** Appends such paths as a list, as read_parquet() takes it. */
void database_quote_all(struct buffer *sql, const struct file_names *paths);

#endif
