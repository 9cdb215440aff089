/* Texts of options to values, by type. */
#include "config/value.h"

#include "unit.h"

static int parse(enum option_id id, const char *text, union value *ret_value)
{
    static struct error error;

    return value_parse(&option_table[id], text, ret_value, &error);
}

static void is_number(enum option_id id, const char *text, int64_t expected)
{
    union value value;

    if (parse(id, text, &value))
        fail_msg("could not read %s", text);
    if (value.number != expected)
        fail_msg("%s is %lld", text, (long long)value.number);
}

static void is_refused(enum option_id id, const char *text)
{
    union value value = {.number = 77};

    if (parse(id, text, &value) == 0)
        fail_msg("accepted %s", text);
    assert_int_equal(value.number, 77);
}

static void test_counts(void **state)
{
    (void)state;
    is_number(OPTION_ROLL_ROWS, "1", 1);
    is_number(OPTION_ROLL_ROWS, "10000000", 10000000);
    is_number(OPTION_MESSAGES, "9223372036854775807", INT64_MAX);
    is_refused(OPTION_ROLL_ROWS, "0");
    is_refused(OPTION_ROLL_ROWS, "10000001");
    is_refused(OPTION_MESSAGES, "9223372036854775808");
    is_refused(OPTION_ROLL_ROWS, "");
    is_refused(OPTION_ROLL_ROWS, "-1");
    is_refused(OPTION_ROLL_ROWS, "+1");
    is_refused(OPTION_ROLL_ROWS, " 1");
    is_refused(OPTION_ROLL_ROWS, "1 ");
    is_refused(OPTION_ROLL_ROWS, "1k");
    is_refused(OPTION_ROLL_ROWS, "1.0");
    is_refused(OPTION_ROLL_ROWS, "0x10");
}

static void test_sizes(void **state)
{
    (void)state;
    is_number(OPTION_ROLL_BYTES, "65536", 65536);
    is_number(OPTION_ROLL_BYTES, "65536B", 65536);
    is_number(OPTION_ROLL_BYTES, "100k", 100000);
    is_number(OPTION_ROLL_BYTES, "100kB", 100000);
    is_number(OPTION_ROLL_BYTES, "64Ki", 65536);
    is_number(OPTION_ROLL_BYTES, "64MiB", 64 << 20);
    is_number(OPTION_ROLL_BYTES, "2MB", 2000000);
    is_number(OPTION_ROLL_BYTES, "1G", 1000000000);
    is_number(OPTION_ROLL_BYTES, "4GiB", 4LL << 30);
    is_refused(OPTION_ROLL_BYTES, "65535");
    is_refused(OPTION_ROLL_BYTES, "5GiB");
    is_refused(OPTION_ROLL_BYTES, "64 MiB");
    is_refused(OPTION_ROLL_BYTES, "64mib");
    is_refused(OPTION_ROLL_BYTES, "MiB");
    is_refused(OPTION_ROLL_BYTES, "9223372036854775807GiB");
}

static void test_intervals(void **state)
{
    (void)state;
    is_number(OPTION_ROLL_AGE, "200ms", 200);
    is_number(OPTION_ROLL_AGE, "5s", 5000);
    is_number(OPTION_ROLL_AGE, "5", 5000);
    is_number(OPTION_ROLL_AGE, "1m", 60000);
    is_number(OPTION_ROLL_AGE, "1min", 60000);
    is_number(OPTION_ROLL_AGE, "2h", 7200000);
    is_number(OPTION_MAX_FUTURE, "1d", 86400000);
    is_number(OPTION_MAX_FUTURE, "0", 0);
    is_refused(OPTION_ROLL_AGE, "0");
    is_refused(OPTION_ROLL_AGE, "25h");
    is_refused(OPTION_ROLL_AGE, "1.5s");
    is_refused(OPTION_ROLL_AGE, "1 s");
    is_refused(OPTION_ROLL_AGE, "1us");
    is_refused(OPTION_ROLL_AGE, "s");
    is_refused(OPTION_COMMIT_INTERVAL, "11m");
}

static void test_shares(void **state)
{
    union value value;

    (void)state;
    assert_int_equal(parse(OPTION_LATE, "0.25", &value), 0);
    assert_true(value.share > 0.249 && value.share < 0.251);
    assert_int_equal(parse(OPTION_LATE, "1", &value), 0);
    assert_int_equal(parse(OPTION_LATE, "0", &value), 0);
    is_refused(OPTION_LATE, "1.01");
    is_refused(OPTION_LATE, "-0.1");
    is_refused(OPTION_LATE, "nan");
    is_refused(OPTION_LATE, "5%");
    is_refused(OPTION_LATE, "");
}

static void test_flags_and_times(void **state)
{
    union value value;

    (void)state;
    assert_int_equal(parse(OPTION_UNTIL_END, "true", &value), 0);
    assert_true(value.flag);
    assert_int_equal(parse(OPTION_UNTIL_END, "false", &value), 0);
    assert_false(value.flag);
    is_refused(OPTION_UNTIL_END, "yes");
    is_refused(OPTION_UNTIL_END, "");
    is_number(OPTION_FROM, "2022-02-20T11:00:00+01:00", 1645351200);
    is_refused(OPTION_FROM, "2022-02-20T11:00:00");
    is_refused(OPTION_TOPIC, "");
}

static void test_messages_help(void **state)
{
    union value value;
    struct error error;

    (void)state;
    assert_int_equal(value_parse(&option_table[OPTION_ROLL_AGE], "soon", &value, &error), -1);
    assert_int_equal(error.code, ANT_VALUE_INVALID);
    assert_error_says(error, "roll-age: \"soon\" is not a time such as 200ms");
    assert_int_equal(value_parse(&option_table[OPTION_WORKERS], "65", &value, &error), -1);
    assert_error_says(error, "from 1 to 64");
    assert_int_equal(value_parse(&option_table[OPTION_WINDOW], "2h", &value, &error), -1);
    assert_error_says(error, "from 1s to 1h");
    assert_int_equal(value_parse(&option_table[OPTION_SEND_TIMEOUT], "99ms", &value, &error), -1);
    assert_error_says(error, "from 100ms to 5min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts), cmocka_unit_test(test_sizes),           cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_shares), cmocka_unit_test(test_flags_and_times), cmocka_unit_test(test_messages_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
