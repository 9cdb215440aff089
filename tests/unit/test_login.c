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
    enum error_code code;
} rows[] = {
    /* A command that starts with a wrong password is wrong, however long it tries. */
    {0, WRONG, FROM_FILE, ANT_LOGIN_REFUSED},
    {10 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_REFUSED},
    {11 * MINUTE, NULL, FROM_FILE, 0},
    /* Five minutes from the first refusal. */
    {20 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    {20 * MINUTE + 1, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    {25 * MINUTE - 1, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    {25 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_REFUSED},
    {60 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_REFUSED},
    /* A login ends it. */
    {61 * MINUTE, NULL, FROM_FILE, 0},
    {62 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    {66 * MINUTE, NULL, FROM_FILE, 0},
    {70 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    /* A server that is away meanwhile neither ends nor extends it. */
    {71 * MINUTE, STARTING, FROM_FILE, ANT_POSTGRES_UNAVAILABLE},
    {75 * MINUTE - 1, WRONG, FROM_FILE, ANT_LOGIN_WAITS},
    {75 * MINUTE, WRONG, FROM_FILE, ANT_LOGIN_REFUSED},
    {76 * MINUTE, STARTING, FROM_FILE, ANT_POSTGRES_UNAVAILABLE},
    /* Whether the password is read again. */
    {80 * MINUTE, NULL, FROM_FILE, 0},
    {81 * MINUTE, WRONG, FROM_ARGUMENT, ANT_LOGIN_REFUSED},
    {81 * MINUTE, WRONG, FROM_ENVIRONMENT, ANT_LOGIN_REFUSED},
    {81 * MINUTE, WRONG, FROM_FILE_BESIDE_ENVIRONMENT, ANT_LOGIN_WAITS},
    {82 * MINUTE, WRONG, FROM_PGPASS, ANT_LOGIN_WAITS},
    {86 * MINUTE, WRONG, FROM_PGPASS, ANT_LOGIN_REFUSED},
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
        if (status ? !rows[i].refusal || error.code != rows[i].code : rows[i].refusal != NULL)
            fail_msg("row %zu: status %d, %s, \"%s\"", i, status, error_code_table[error.code].code, error.message);
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
