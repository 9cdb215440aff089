/* DuckDB's library must be of the version that the header describes, and what it would not survive is seen before. */
#include "archive/database.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

static const char *pretended; /* version of the library, or NULL for its own */

const char *duckdb_library_version(void)
{
    const char *(*real)(void);

    *(void **)&real = dlsym(RTLD_NEXT, "duckdb_library_version");
    return pretended ? pretended : real();
}

static void test_the_library_is_that_of_the_header(void **state)
{
    cleanup(database_release) struct database database = {0};
    struct error error = {0};

    (void)state;
    pretended = NULL;
    assert_int_equal(database_open(1, NULL, &database, &error), 0);
}

static void test_another_library_is_refused(void **state)
{
    static const char *const versions[] = {"v1.4.4", "v1.5.7", "v2.0.0", "", "v1.5.60"};
    struct database database = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
        struct error error = {0};

        pretended = versions[i];
        assert_int_equal(database_open(1, NULL, &database, &error), -1);
        assert_int_equal(error.code, ANT_DUCKDB_VERSION);
        assert_error_says(error, versions[i]);
        assert_error_says(error, "built for v" ANTENNA_DUCKDB_VERSION);
        assert_null(database.handle);
    }
}

static void test_no_file_descriptor_is_left(void **state)
{
    struct database database = {0};
    struct error error = {0};
    struct rlimit limit, none;
    int next = dup(0);

    (void)state;
    assert_true(next >= 0);
    close(next);
    pretended = NULL;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(database_open(1, NULL, &database, &error), -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(error.code, ANT_DISK_FAILED);
    assert_error_says(error, "Too many open files");
}

static void test_statements_that_fail(void **state)
{
    static const struct {
        const char *sql;
        enum error_code code;
    } cases[] = {
        {"SELECT list(range) FROM range(10000000)", ANT_MEMORY_LIMIT},
        {"SELECT * FROM read_parquet('/nowhere/x.parquet')", ANT_DISK_FAILED},
        {"SELECT nonsense", ANT_DUCKDB_ANSWER},
    };
    static const struct database_limits limits = {.memory = 16 * 1024 * 1024};

    (void)state;
    pretended = NULL;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cleanup(database_release) struct database database = {0};
        struct error error = {0};

        assert_int_equal(database_open(1, &limits, &database, &error), 0);
        assert_int_equal(database_run(&database, cases[i].sql, NULL, &error), -1);
        assert_int_equal(error.code, cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_library_is_that_of_the_header),
        cmocka_unit_test(test_another_library_is_refused),
        cmocka_unit_test(test_no_file_descriptor_is_left),
        cmocka_unit_test(test_statements_that_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
