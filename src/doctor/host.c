#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>
#include <unistd.h>

#include "archive/database.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "doctor/cgroup.h"
#include "doctor/subjects.h"

#define OPEN_FILES "open_files"
#define MEMORY "memory"
#define LIBRARIES "libraries"

/* Open files of a process: its own and files that are written; and for each client of Kafka, one a worker and one for
 * questions, its own with a connection to PostgreSQL, and those for each broker. All are some times what was measured:
 * 18 files with one worker and one broker. */
#define FILES_OF_PROCESS 32
#define FILES_OF_CLIENT 16
#define FILES_OF_BROKER 4

/* Memory without --memory-limit, as measured where it is most: 455 MiB with one worker, each message of a user and of
 * an antenna of its own, and ids as long as UUIDs. Longer ids take more: docs/operators.md. */
#define MEMORY_OF_PROCESS (48 * MEBIBYTE)
#define MEMORY_OF_WORKER (450 * MEBIBYTE)

/* What a limit of ours should leave of that of the machine: it is kept approximately, and the kernel's is not. */
#define MEMORY_SHARE 0.9

#define LIBPQ_UNIT 10000

static void examine_open_files(struct doctor *doctor)
{
    int64_t workers = config_number(doctor->config, OPTION_WORKERS);
    int64_t needed = FILES_OF_PROCESS + (workers + 1) * (FILES_OF_CLIENT + FILES_OF_BROKER * (int64_t)doctor->brokers);
    cleanup(buffer_release) struct buffer fix = {0};
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        found_skipped(doctor, OPEN_FILES, "the limit is not told: %m");
        return;
    }
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= (rlim_t)needed) {
        found_ok(doctor, OPEN_FILES, "%" PRIu64 " are allowed, and %" PRId64 " are enough", (uint64_t)limit.rlim_cur,
                 needed);
        return;
    }
    buffer_printf(&fix, "ulimit -n %" PRId64 ", or LimitNOFILE=%" PRId64 " in the unit of the service", needed, needed);
    found_failed(doctor, OPEN_FILES, fix.data, "%" PRIu64 " are allowed, and speed may need %" PRId64,
                 (uint64_t)limit.rlim_cur, needed);
}

/* What the process may use, in bytes: its control group's or the machine's. */
static int64_t memory_allowed(const char **ret_whose)
{
    int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t group = cgroup_memory_limit(CGROUP_OF_PROCESS, CGROUP_MOUNT);

    *ret_whose = group >= 0 && group < machine ? "control group" : "machine";
    return group >= 0 && group < machine ? group : machine;
}

static void judge_limit(struct doctor *doctor, int64_t limit, int64_t allowed, const char *whose)
{
    cleanup(buffer_release) struct buffer fix = {0};
    int64_t good = (int64_t)((double)allowed * MEMORY_SHARE);

    buffer_printf(&fix, "give a --memory-limit of %" PRId64 "MiB or less", good / MEBIBYTE);
    if (limit > allowed)
        found_failed(doctor, MEMORY, fix.data,
                     "--memory-limit is %" PRId64 " MiB, and this %s has %" PRId64 " MiB: the kernel ends speed first",
                     limit / MEBIBYTE, whose, allowed / MEBIBYTE);
    else if (limit > good)
        found_warning(doctor, MEMORY, fix.data,
                      "--memory-limit is %" PRId64 " MiB, and this %s has only %" PRId64 " MiB", limit / MEBIBYTE,
                      whose, allowed / MEBIBYTE);
    else
        found_ok(doctor, MEMORY, "--memory-limit is %" PRId64 " of the %" PRId64 " MiB of this %s", limit / MEBIBYTE,
                 allowed / MEBIBYTE, whose);
}

static void examine_memory(struct doctor *doctor)
{
    int64_t needed = MEMORY_OF_PROCESS + config_number(doctor->config, OPTION_WORKERS) * MEMORY_OF_WORKER;
    const char *whose;
    int64_t allowed = memory_allowed(&whose);

    if (config_has(doctor->config, OPTION_MEMORY_LIMIT))
        judge_limit(doctor, config_number(doctor->config, OPTION_MEMORY_LIMIT), allowed, whose);
    else if (allowed < needed)
        found_warning(doctor, MEMORY, "bound it with --memory-limit, or start fewer --workers",
                      "this %s has %" PRId64 " MiB, and speed may take %" PRId64 " MiB while all ids are new", whose,
                      allowed / MEBIBYTE, needed / MEBIBYTE);
    else
        found_ok(doctor, MEMORY,
                 "this %s has %" PRId64 " MiB, and speed takes at most about %" PRId64 " MiB with ids like UUIDs",
                 whose, allowed / MEBIBYTE, needed / MEBIBYTE);
}

/* DuckDB is tried, as it comes as a library of its own: it must open, and know Parquet without loading an extension. */
static int try_duckdb(struct error *error)
{
    cleanup(database_release) struct database database = {0};

    return database_open(1, NULL, &database, error) || database_run(&database, "LOAD parquet", NULL, error) ? -1 : 0;
}

static void examine_libraries(struct doctor *doctor)
{
    struct error error;

    if (try_duckdb(&error))
        found_failed(doctor, LIBRARIES, "build with the DuckDB that the set-up fetches: make build",
                     "DuckDB %s does not work: %s", duckdb_library_version(), error.message);
    else
        found_ok(doctor, LIBRARIES, "librdkafka %s, DuckDB %s, libpq %d.%d", rd_kafka_version_str(),
                 duckdb_library_version(), PQlibVersion() / LIBPQ_UNIT, PQlibVersion() % LIBPQ_UNIT);
}

void examine_host(struct doctor *doctor)
{
    examine_open_files(doctor);
    examine_memory(doctor);
    examine_libraries(doctor);
}
