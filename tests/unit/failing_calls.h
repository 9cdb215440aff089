/*
 * The N-th call to the system, to PostgreSQL or to DuckDB fails: the functions below stand in front of the libraries'.
 * A test sweeps N from 1 on until a run makes less than N calls. Included by one file of a program.
 */
#ifndef ANTENNA_TESTS_FAILING_CALLS_H
#define ANTENNA_TESTS_FAILING_CALLS_H

#include <dirent.h>
#include <dlfcn.h>
#include <duckdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
    int left; /* calls until the one that fails; 0: none fails */
    int number;
    bool failed;
} failing;

/** The `call`-th call from now on fails, with this errno. */
static inline void fail_call(int call, int number)
{
    failing.left = call;
    failing.number = number;
    failing.failed = false;
}

/** No call fails from now on. Returns whether one has. */
static inline bool end_failing(void)
{
    failing.left = 0;
    return failing.failed;
}

static inline bool fails_now(void)
{
    if (failing.left == 0 || --failing.left > 0)
        return false;
    failing.failed = true;
    errno = failing.number;
    return true;
}

#define FAILING(type, name, parameters, arguments, failure)                                                            \
    type name parameters                                                                                               \
    {                                                                                                                  \
        static type(*real) parameters;                                                                                 \
                                                                                                                       \
        if (!real)                                                                                                     \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                                                 \
        return fails_now() ? (failure) : real arguments;                                                               \
    }

FAILING(int, fsync, (int file), (file), -1)
FAILING(int, fstat, (int file, struct stat *status), (file, status), -1)
FAILING(int, stat, (const char *path, struct stat *status), (path, status), -1)
FAILING(int, lstat, (const char *path, struct stat *status), (path, status), -1)
FAILING(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
FAILING(int, chmod, (const char *path, mode_t mode), (path, mode), -1)
FAILING(int, rename, (const char *from, const char *to), (from, to), -1)
FAILING(int, renameat2, (int from, const char *old, int to, const char *new, unsigned flags),
        (from, old, to, new, flags), -1)
FAILING(int, link, (const char *from, const char *to), (from, to), -1)
FAILING(int, unlink, (const char *path), (path), -1)
FAILING(int, rmdir, (const char *path), (path), -1)
FAILING(int, remove, (const char *path), (path), -1)
FAILING(int, flock, (int file, int operation), (file, operation), -1)
FAILING(int, posix_fallocate, (int file, off_t offset, off_t size), (file, offset, size), failing.number)
FAILING(DIR *, opendir, (const char *path), (path), NULL)
FAILING(ssize_t, getrandom, (void *buffer, size_t size, unsigned flags), (buffer, size, flags), -1)
FAILING(duckdb_state, duckdb_create_config, (duckdb_config * config), (config), DuckDBError)
FAILING(duckdb_state, duckdb_set_config, (duckdb_config config, const char *name, const char *value),
        (config, name, value), DuckDBError)
FAILING(duckdb_state, duckdb_connect, (duckdb_database database, duckdb_connection *connection), (database, connection),
        DuckDBError)
FAILING(duckdb_state, duckdb_register_table_function, (duckdb_connection connection, duckdb_table_function function),
        (connection, function), DuckDBError)

/* It fails as a whole: DuckDB ends the process when one of its own calls fails here, see check_group_file(). */
duckdb_state duckdb_open_ext(const char *path, duckdb_database *database, duckdb_config config, char **reason)
{
    static duckdb_state (*real)(const char *, duckdb_database *, duckdb_config, char **);
    duckdb_state state;
    int left;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "duckdb_open_ext");
    if (fails_now())
        return DuckDBError;
    left = failing.left;
    failing.left = 0;
    state = real(path, database, config, reason);
    failing.left = left;
    return state;
}

/* A result that says why. */
FAILING(duckdb_state, duckdb_query, (duckdb_connection connection, const char *sql, duckdb_result *result),
        (connection, sql, result), real(connection, "SELECT error('this call fails')", result))

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list arguments;
    mode_t mode = 0;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    if (fails_now())
        return -1;
    va_start(arguments, flags);
    if (flags & O_CREAT)
        mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return real(path, flags, mode);
}

/* Sweeps have no time to sleep. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time, (void)left;
    return 0;
}

#endif
