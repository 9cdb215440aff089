/* ISO-8601, hours and UTC. */
#include "base/time.h"

#include "unit.h"

static void reads(const char *text, int64_t expected)
{
    int64_t time;

    if (!time_parse(text, &time))
        fail_msg("could not read %s", text);
    if (time != expected)
        fail_msg("%s is %lld instead of %lld", text, (long long)time, (long long)expected);
}

static void refuses(const char *text)
{
    int64_t time = 77;

    if (time_parse(text, &time))
        fail_msg("read %s as %lld", text, (long long)time);
    assert_int_equal(time, 77);
}

static void test_reads_offsets(void **state)
{
    (void)state;
    reads("2022-02-20T10:00:00Z", 1645351200);
    reads("2022-02-20T11:00:00+01:00", 1645351200);
    reads("2022-02-20T05:30:00-04:30", 1645351200);
    reads("2022-02-20T10:00Z", 1645351200);
    reads("2022-02-20T10:00:07.999Z", 1645351207);
    reads("1970-01-01T00:00:00Z", 0);
    reads("2024-02-29T23:59:59Z", 1709251199);
    reads("2022-01-01T00:30:00+01:00", 1640993400);
    reads("2022-02-20T10:00:00z", 1645351200);
    reads("2022-02-20t10:00:00Z", 1645351200);
    reads("2022-02-20T11:00:00+01", 1645351200);
    reads("2022-02-20T11:00+01", 1645351200);
    reads("2022-02-20T09:00:00-01", 1645351200);
    reads("2022-02-20T11:00:30+01:00:30", 1645351200);
    reads("2022-02-21T04:00:00+18:00", 1645351200);
    reads("2022-02-19T16:00:00-18", 1645351200);
}

static void test_refuses_what_is_no_time(void **state)
{
    static const char *const texts[] = {
        "",
        "2022-02-20",
        "2022-02-20T10:00:00",
        "2022-02-20 10:00:00Z",
        "2022-02-30T10:00:00Z",
        "2023-02-29T10:00:00Z",
        "2022-13-01T10:00:00Z",
        "2022-00-01T10:00:00Z",
        "2022-01-00T10:00:00Z",
        "2022-02-20T24:00:00Z",
        "2022-02-20T10:60:00Z",
        "2022-02-20T10:00:60Z",
        "2022-02-20T10:00:00.Z",
        "2022-02-20T10:00:00+0100",
        "2022-02-20T10:00:00+1",
        "2022-02-20T10:00:00+01:",
        "2022-02-20T10:00:00+01:00:",
        "2022-02-20T10:00:00+18:01",
        "2022-02-20T10:00:00-18:00:01",
        "2022-02-20T10:00:00+",
        "2022-02-20T10:00:00+01:60",
        "2022-02-20T10:00:00+19:00",
        "2022-02-20T10:00:00Z ",
        "2022-2-20T10:00:00Z",
        "22-02-20T10:00:00Z",
        "0000-02-20T10:00:00Z",
        "1645351200",
        "now",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        refuses(texts[i]);
}

static void test_format_is_read_back(void **state)
{
    static const int64_t times[] = {0, 946684800, 951782400, 1645351200, 1709251199, 4102444799};
    char text[TIME_TEXT_SIZE];

    (void)state;
    assert_string_equal(time_format(1645351200, text), "2022-02-20T10:00:00Z");
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        reads(time_format(times[i], text), times[i]);
}

static void test_hour_is_that_of_utc(void **state)
{
    struct time_parts parts = time_split(1645351200 + 3599);

    (void)state;
    assert_int_equal(time_hour(1645351200), 1645351200);
    assert_int_equal(time_hour(1645351200 + 3599), 1645351200);
    assert_int_equal(time_hour(1645351200 + 3600), 1645354800);
    assert_int_equal(parts.year, 2022);
    assert_int_equal(parts.month, 2);
    assert_int_equal(parts.day, 20);
    assert_int_equal(parts.hour, 10);
    assert_int_equal(parts.minute, 59);
    assert_int_equal(parts.second, 59);
}

static void test_clocks_agree(void **state)
{
    int64_t before = time_monotonic_ms();

    (void)state;
    assert_true(time_now_ms() / 1000 - time_now() <= 1);
    time_sleep_ms(2);
    assert_true(time_monotonic_ms() >= before + 1);
}

static int64_t ms_of(struct timespec time)
{
    return (int64_t)time.tv_sec * MS_PER_SECOND + time.tv_nsec / NS_PER_MS;
}

/* Each length of a wait: a part of a second, a whole second, and both. */
static void test_deadline_is_the_time_away(void **state)
{
    static const int64_t lengths[] = {0, 1, 100, 999, 1000, 1001, 1999, 60500};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        int64_t before = time_monotonic_ms();
        struct timespec deadline = time_deadline(lengths[i]);
        int64_t after = time_monotonic_ms();

        assert_in_range(deadline.tv_nsec, 0, NS_PER_SECOND - 1);
        assert_in_range(ms_of(deadline), before + lengths[i], after + lengths[i] + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_offsets),       cmocka_unit_test(test_refuses_what_is_no_time),
        cmocka_unit_test(test_format_is_read_back), cmocka_unit_test(test_hour_is_that_of_utc),
        cmocka_unit_test(test_clocks_agree),        cmocka_unit_test(test_deadline_is_the_time_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
