/*
 * DuckDB in this process: an in-memory database that encodes and reads Parquet. Its memory is bounded, it loads no
 * configuration of the user's and no extension. One database belongs to one thread of ours.
 */
#ifndef ANTENNA_ARCHIVE_DATABASE_H
#define ANTENNA_ARCHIVE_DATABASE_H

#include <duckdb.h>
#include <stdbool.h>

#include "archive/disk.h"
#include "base/buffer.h"

struct database {
    duckdb_database handle;
    duckdb_connection connection;
};

/** What a database may use; NULL for its default. */
struct database_limits {
    int64_t memory;    /* bytes; 0: the default, 2 GB */
    const char *spill; /* folder for what memory does not hold; NULL: none, and the statement fails */
};

/**
 * Opens a database that works with so many threads; release with database_release(). Errors: ERROR_CONFIGURATION when
 * DuckDB's library is not of the version for which the program was built, ERROR_UNAVAILABLE when no file descriptor is
 * left, else ERROR_FAILED.
 */
int database_open(int threads, const struct database_limits *limits, struct database *ret_database, struct error *error)
    must_check;

/** Closes it; a zeroed struct is fine. Fits cleanup(). */
void database_release(struct database *database);

/**
 * Runs one statement. Errors: ERROR_UNAVAILABLE for input and output (disk full, file missing), ERROR_CONFIGURATION
 * when memory and spill folder do not do, else ERROR_FAILED. Free the result with duckdb_destroy_result(), which also
 * fits cleanup(); `ret_result` may be NULL.
 */
int database_run(struct database *database, const char *sql, duckdb_result *ret_result, struct error *error) must_check;

/** Takes a part of a result; returns 0, or -1 with an error, which ends the reading. */
typedef int (*database_chunk_function)(void *context, duckdb_data_chunk chunk, struct error *error);

/**
 * Runs a query and gives each part of its result to `take`. `types` are those of its columns, which are checked, with
 * DUCKDB_TYPE_INVALID behind the last. Errors: ERROR_UNAVAILABLE for input and output, ERROR_CONFIGURATION for what
 * DuckDB cannot read, and those of `take`.
 */
int database_read(struct database *database, const char *sql, const duckdb_type *types, database_chunk_function take,
                  void *context, struct error *error) must_check;

/** Where a value is whose type has `size` bytes. */
void *database_value(duckdb_data_chunk chunk, idx_t column, idx_t row, size_t size);

/** Whether a value is NULL. */
bool database_is_null(duckdb_data_chunk chunk, idx_t column, idx_t row);

/** A BIGINT that is not NULL. */
int64_t database_number(duckdb_data_chunk chunk, idx_t column, idx_t row);

/** A VARCHAR that is not NULL; valid as long as the chunk is. */
struct slice database_text(duckdb_data_chunk chunk, idx_t column, idx_t row);

/** Whether it is memory or the spill folder that an error is about, and no file of the archive. */
bool database_is_short(const struct error *error);

/** Appends a text as SQL writes it, quoted. */
void database_quote(struct buffer *sql, const char *text);

/** Appends the path of a file to read, as an SQL text that matches no other path. */
void database_quote_path(struct buffer *sql, const char *path);

/** Appends such paths as a list, as read_parquet() takes it. */
void database_quote_all(struct buffer *sql, const struct file_names *paths);

#endif
