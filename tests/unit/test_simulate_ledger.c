#include "simulate_options.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "simulate/ledger.h"
#include "simulate/sums.h"

static char folder[64], users_path[96], ledger_path[96], partial_path[128];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_simulate_ledger.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(users_path, sizeof(users_path), "%s/users.csv", folder);
    snprintf(ledger_path, sizeof(ledger_path), "%s/ledger.csv", folder);
    snprintf(partial_path, sizeof(partial_path), "%s.partial", ledger_path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(users_path);
    unlink(ledger_path);
    return rmdir(folder);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file(const char *path, const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static struct coded_event event_of(uint32_t timestamp, uint32_t user, uint32_t antenna, uint32_t app, int64_t bytes)
{
    struct coded_event event = {.timestamp = timestamp, .bytes = bytes};

    event.codes[TEXT_ID] = user;
    event.codes[TEXT_ANTENNA_ID] = antenna;
    event.codes[TEXT_APP] = app;
    return event;
}

struct fixture {
    struct config *config;
    struct population population;
    struct ledger *ledger;
};

static void begin(struct fixture *fixture, const char *options)
{
    struct error error;

    *fixture = (struct fixture){.config = simulate_options(options)};
    assert_int_equal(population_init(&fixture->population, fixture->config, &error), 0);
    assert_int_equal(ledger_open(ledger_path, &fixture->population, &fixture->ledger, &error), 0);
}

static void end(struct fixture *fixture)
{
    ledger_free(fixture->ledger);
    population_release(&fixture->population);
    config_free(fixture->config);
}

static void add(struct fixture *fixture, struct coded_event event)
{
    struct error error;

    assert_int_equal(ledger_add(fixture->ledger, &event, &error), 0);
}

/* 1645351200 is 2022-02-20T10:00:00Z. */
static void rows_are_windows_hours_offenders_and_all(void **state)
{
    struct tally tally = {.counts = {[MESSAGE_ON_TIME] = 2, [MESSAGE_LATE] = 1, [MESSAGE_MALFORMED] = 3}, .bytes = 111};
    struct fixture fixture;
    struct error error;
    char options[128];

    (void)state;
    write_text(users_path, "id,name,email,quota\nz,Zoe,\"z,z@example.org\",109\ny,Yan,yan@example.org,1\n");
    snprintf(options, sizeof(options), "--users %s --apps B,A", users_path);
    begin(&fixture, options);
    add(&fixture, event_of(1645351499, 0, 1, 0, 100));
    add(&fixture, event_of(1645351500, 0, 0, 1, 10));
    add(&fixture, event_of(1645351199, 1, 0, 0, 1));
    assert_int_equal(access(ledger_path, F_OK), -1);
    assert_int_equal(ledger_write(fixture.ledger, &tally, &error), 0);
    end(&fixture);
    assert_int_equal(access(partial_path, F_OK), -1);
    assert_file(ledger_path, "grain,date,type,id,value\n"
                             "5min,2022-02-20 09:55:00,antenna_bytes_total,11111111-1111-1111-1111-111111111111,1\n"
                             "5min,2022-02-20 09:55:00,app_bytes_total,B,1\n"
                             "5min,2022-02-20 09:55:00,user_bytes_total,y,1\n"
                             "5min,2022-02-20 10:00:00,antenna_bytes_total,22222222-2222-2222-2222-222222222222,100\n"
                             "5min,2022-02-20 10:00:00,app_bytes_total,B,100\n"
                             "5min,2022-02-20 10:00:00,user_bytes_total,z,100\n"
                             "5min,2022-02-20 10:05:00,antenna_bytes_total,11111111-1111-1111-1111-111111111111,10\n"
                             "5min,2022-02-20 10:05:00,app_bytes_total,A,10\n"
                             "5min,2022-02-20 10:05:00,user_bytes_total,z,10\n"
                             "hour,2022-02-20 09:00:00,antenna_bytes_total,11111111-1111-1111-1111-111111111111,1\n"
                             "hour,2022-02-20 09:00:00,app_bytes_total,B,1\n"
                             "hour,2022-02-20 09:00:00,user_bytes_total,y,1\n"
                             "hour,2022-02-20 10:00:00,antenna_bytes_total,11111111-1111-1111-1111-111111111111,10\n"
                             "hour,2022-02-20 10:00:00,antenna_bytes_total,22222222-2222-2222-2222-222222222222,100\n"
                             "hour,2022-02-20 10:00:00,app_bytes_total,A,10\n"
                             "hour,2022-02-20 10:00:00,app_bytes_total,B,100\n"
                             "hour,2022-02-20 10:00:00,user_bytes_total,z,110\n"
                             "quota,2022-02-20 10:00:00,user_bytes_total,\"z,z@example.org\",110\n"
                             "all,,bytes_total,,111\n"
                             "all,,events_accepted,,3\n"
                             "all,,events_rejected,,3\n"
                             "all,,messages_sent,,6\n");
}

static void an_unwritten_ledger_leaves_what_was_there(void **state)
{
    struct fixture fixture;

    (void)state;
    write_text(ledger_path, "from before\n");
    begin(&fixture, "");
    add(&fixture, event_of(1645351200, 0, 0, 0, 1));
    end(&fixture);
    assert_file(ledger_path, "from before\n");
    assert_int_equal(access(partial_path, F_OK), -1);
}

static void impossible_files_are_refused_at_once(void **state)
{
    static const char *const paths[] = {"/no/such/folder/ledger.csv", "/tmp", "/dev/null"};
    struct population population = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        struct ledger *ledger;
        struct error error;

        assert_int_equal(ledger_open(paths[i], &population, &ledger, &error), -1);
        assert_int_equal(error.code, ANT_LEDGER_REFUSED);
    }
}

static void sums_grow_and_stay_exact(void **state)
{
    cleanup(sums_release) struct sums sums = {0};
    cleanup(memory_free) struct sum *list = NULL;
    struct error error;

    (void)state;
    for (int round = 0; round < 3; round++)
        for (uint32_t code = 0; code < 20000; code++)
            assert_int_equal(sums_add(&sums, 300 + code % 7 * 300, code % TOTAL_KINDS, code * 5000, code, &error), 0);
    assert_int_equal(sums.count, 20000);
    list = sums_list(&sums);
    for (size_t i = 0; i < sums.count; i++) {
        uint32_t code = list[i].code / 5000;

        assert_int_equal(list[i].begin, 300 + code % 7 * 300);
        assert_int_equal(list[i].kind, code % TOTAL_KINDS);
        assert_int_equal(list[i].value, 3 * (int64_t)code);
    }
}

static void sums_beyond_64_bits_are_an_error(void **state)
{
    cleanup(sums_release) struct sums sums = {0};
    struct error error;

    (void)state;
    assert_int_equal(sums_add(&sums, 300, TOTAL_APP_BYTES, 0, INT64_MAX, &error), 0);
    assert_int_equal(sums_add(&sums, 300, TOTAL_APP_BYTES, 0, 1, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_windows_hours_offenders_and_all),
        cmocka_unit_test(an_unwritten_ledger_leaves_what_was_there),
        cmocka_unit_test(impossible_files_are_refused_at_once),
        cmocka_unit_test(sums_grow_and_stay_exact),
        cmocka_unit_test(sums_beyond_64_bits_are_an_error),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
