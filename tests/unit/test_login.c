/* login(): how long a service that is refused tries again, on a clock of the test's. */
#include "postgres/client.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "libpq_script.h"

#define MINUTE INT64_C(60000)
#define WRONG "connection to server failed: FATAL:  28P01: password authentication failed\n"
#define STARTING "connection to server failed: FATAL:  57P03: the database system is starting up\n"

static int64_t now_ms;

int clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    *time = (struct timespec){now_ms / 1000, now_ms % 1000 * 1000000};
    return 0;
}

enum source { FROM_FILE, FROM_FILE_BESIDE_ENVIRONMENT, FROM_PGPASS, FROM_ENVIRONMENT, FROM_ARGUMENT };

/* In the order of time, of one process. */
static const struct {
    int64_t at_ms;
    const char *refusal; /* NULL: logged in */
    enum source source;
    enum error_kind kind;
} rows[] = {
    /* A command that starts with a wrong password is wrong, however long it tries. */
    {0, WRONG, FROM_FILE, ERROR_CONFIGURATION},
    {10 * MINUTE, WRONG, FROM_FILE, ERROR_CONFIGURATION},
    {11 * MINUTE, NULL, FROM_FILE, 0},
    /* Five minutes from the first refusal. */
    {20 * MINUTE, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    {20 * MINUTE + 1, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    {25 * MINUTE - 1, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    {25 * MINUTE, WRONG, FROM_FILE, ERROR_CONFIGURATION},
    {60 * MINUTE, WRONG, FROM_FILE, ERROR_CONFIGURATION},
    /* A login ends it. */
    {61 * MINUTE, NULL, FROM_FILE, 0},
    {62 * MINUTE, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    {66 * MINUTE, NULL, FROM_FILE, 0},
    {70 * MINUTE, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    /* A server that is away meanwhile neither ends nor extends it. */
    {71 * MINUTE, STARTING, FROM_FILE, ERROR_UNAVAILABLE},
    {75 * MINUTE - 1, WRONG, FROM_FILE, ERROR_UNAVAILABLE},
    {75 * MINUTE, WRONG, FROM_FILE, ERROR_CONFIGURATION},
    {76 * MINUTE, STARTING, FROM_FILE, ERROR_UNAVAILABLE},
    /* Whether the password is read again. */
    {80 * MINUTE, NULL, FROM_FILE, 0},
    {81 * MINUTE, WRONG, FROM_ARGUMENT, ERROR_CONFIGURATION},
    {81 * MINUTE, WRONG, FROM_ENVIRONMENT, ERROR_CONFIGURATION},
    {81 * MINUTE, WRONG, FROM_FILE_BESIDE_ENVIRONMENT, ERROR_UNAVAILABLE},
    {82 * MINUTE, WRONG, FROM_PGPASS, ERROR_UNAVAILABLE},
    {86 * MINUTE, WRONG, FROM_PGPASS, ERROR_CONFIGURATION},
};

static struct config *configure(enum source source, const char *path)
{
    bool is_file = source == FROM_FILE || source == FROM_FILE_BESIDE_ENVIRONMENT;
    char words[][64] = {"jdbc:postgresql://h/d", "u", "-", "--password-file", ""};
    char *list[] = {words[0], words[1], words[2], words[3], words[4]};
    struct config *config = NULL;

    if (source == FROM_ARGUMENT)
        snprintf(words[2], sizeof(words[2]), "secret");
    snprintf(words[4], sizeof(words[4]), "%s", path);
    clearenv();
    if (source == FROM_ENVIRONMENT || source == FROM_FILE_BESIDE_ENVIRONMENT)
        assert_int_equal(setenv("PGPASSWORD", "secret", 1), 0);
    assert_int_equal(config_load(COMMAND_STATUS, is_file ? 5 : 3, list, &config, &error), 0);
    return config;
}

static void test_grace(void **state)
{
    char path[32];

    (void)state;
    write_temporary(path, "secret", strlen("secret"));
    postgres_cleanup(&postgres);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct config *config = configure(rows[i].source, path);
        int status;

        now_ms = MINUTE + rows[i].at_ms; /* 0 is no time of a refusal */
        script.refusal = rows[i].refusal;
        status = login(config, &postgres, &error);
        if (status ? !rows[i].refusal || error.kind != rows[i].kind : rows[i].refusal != NULL)
            fail_msg("row %zu: status %d, kind %d, \"%s\"", i, status, (int)error.kind, error.message);
        if (!status)
            postgres_cleanup(&postgres);
        config_free(config);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_grace, set_up, tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
