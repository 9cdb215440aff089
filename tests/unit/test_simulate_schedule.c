#include "simulate_options.h"

#include "simulate/schedule.h"

#define SECOND 1000
#define HOUR (3600 * SECOND)

/* 2022-02-20T10:00:00Z, and the start of all these runs two hours later. */
#define TEN 1645351200000
#define NOW (TEN + 2 * HOUR)

static struct schedule plan(const char *options)
{
    cleanup(config_cleanup) struct config *config = simulate_options(options);
    struct schedule schedule;
    struct error error;

    if (schedule_init(&schedule, config, NOW, &error))
        fail_msg("%s", error.message);
    schedule_start(&schedule, NOW);
    return schedule;
}

static struct moment after(int64_t milliseconds)
{
    return (struct moment){NOW + milliseconds, milliseconds};
}

static void live_events_happen_when_they_are_sent(void **state)
{
    struct schedule schedule = plan("--rate 100");

    (void)state;
    assert_true(schedule.count == INT64_MAX);
    assert_int_equal(schedule_due(&schedule, after(0)), 0);
    assert_int_equal(schedule_due(&schedule, after(1)), 1);
    assert_int_equal(schedule_due(&schedule, after(10)), 1);
    assert_int_equal(schedule_due(&schedule, after(11)), 2);
    assert_int_equal(schedule_due(&schedule, after(10 * SECOND)), 1000);
    assert_int_equal(schedule_event_time(&schedule, 0, after(1)), NOW / SECOND);
    assert_int_equal(schedule_event_time(&schedule, 999, after(10 * SECOND)), NOW / SECOND + 9);
}

static void the_start_is_that_of_sending(void **state)
{
    struct schedule schedule = plan("--rate 100");

    (void)state;
    schedule_start(&schedule, NOW + HOUR);
    assert_int_equal(schedule_due(&schedule, after(HOUR)), 0);
    assert_int_equal(schedule_event_time(&schedule, 0, after(HOUR + 1)), (NOW + HOUR) / SECOND);
}

static void waits_end_when_the_message_is_due(void **state)
{
    static const char *const options[] = {"--rate 1", "--rate 7", "--rate 1000", "--rate 30000",
                                          "--rate 7 --count 100 --from 2022-02-20T10:00:00Z --to 2022-02-20T11:00:00Z"};

    (void)state;
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        struct schedule schedule = plan(options[i]);

        for (int64_t index = 0; index < 100; index++) {
            int64_t wait_ms = schedule_wait_ms(&schedule, index, after(0));

            assert_true(schedule_due(&schedule, after(wait_ms)) > index);
            assert_true(schedule_due(&schedule, after(wait_ms - 1)) <= index);
            assert_int_equal(schedule_wait_ms(&schedule, index, after(wait_ms + 5)), 0);
        }
    }
}

static void the_past_is_due_at_once(void **state)
{
    struct schedule schedule = plan("--rate 100 --from 2022-02-20T10:00:00Z");

    (void)state;
    assert_int_equal(schedule_due(&schedule, after(0)), 2 * 3600 * 100);
    assert_int_equal(schedule_event_time(&schedule, 0, after(0)), TEN / SECOND);
    assert_int_equal(schedule_event_time(&schedule, 360000, after(0)), (TEN + HOUR) / SECOND);
    assert_true(schedule_wait_ms(&schedule, 2 * 3600 * 100 + 100, after(0)) > 990);
}

static void max_catches_up_and_then_is_now(void **state)
{
    struct schedule schedule = plan("--rate max --from 2022-02-20T10:00:00Z");

    (void)state;
    assert_true(schedule_due(&schedule, after(0)) == INT64_MAX);
    assert_int_equal(schedule_event_time(&schedule, 5 * SCHEDULE_MAX_DENSITY, after(0)), TEN / SECOND + 5);
    assert_int_equal(schedule_event_time(&schedule, INT64_MAX / SECOND, after(7 * SECOND)), NOW / SECOND + 7);
    assert_int_equal(schedule_wait_ms(&schedule, 1000000000, after(0)), 0);
}

static void a_count_spreads_over_the_range(void **state)
{
    struct schedule schedule = plan("--rate 10 --count 5 --from 2022-02-20T10:00:00Z --to 2022-02-20T12:00:00Z");

    (void)state;
    assert_int_equal(schedule.count, 5);
    for (int64_t index = 0; index < 5; index++)
        assert_int_equal(schedule_event_time(&schedule, index, after(0)), (TEN + index * HOUR / 2) / SECOND);
    assert_int_equal(schedule_due(&schedule, after(0)), 0);
    assert_int_equal(schedule_due(&schedule, after(201)), 3);
    assert_int_equal(schedule_due(&schedule, after(HOUR)), 5);
}

static void one_message_begins_the_range(void **state)
{
    struct schedule schedule = plan("--rate max --count 1 --from 2022-02-20T10:00:00Z --to 2022-02-20T12:00:00Z");

    (void)state;
    assert_int_equal(schedule_event_time(&schedule, 0, after(0)), TEN / SECOND);
}

static void a_huge_count_does_not_overflow(void **state)
{
    struct schedule schedule =
        plan("--rate max --count 9223372036854775807 --from 2000-01-01T02:00:00Z --to 2022-02-20T12:00:00Z");

    (void)state;
    assert_int_equal(schedule_event_time(&schedule, INT64_MAX - 1, after(0)), NOW / SECOND);
}

static void a_range_without_a_count_is_filled_at_the_rate(void **state)
{
    struct schedule schedule = plan("--rate 50 --from 2022-02-20T10:00:00Z --to 2022-02-20T10:20:00Z");
    struct schedule dense = plan("--rate max --from 2022-02-20T10:00:00Z --to 2022-02-20T10:20:00Z");

    (void)state;
    assert_int_equal(schedule.count, 20 * 60 * 50 + 1);
    assert_int_equal(schedule_due(&schedule, after(0)), schedule.count);
    assert_int_equal(schedule_event_time(&schedule, schedule.count - 1, after(0)), (TEN + HOUR / 3) / SECOND);
    assert_int_equal(dense.count, 20 * 60 * SCHEDULE_MAX_DENSITY + 1);
}

static void refuse(const char *options, enum error_code code)
{
    cleanup(config_cleanup) struct config *config = simulate_options(options);
    struct schedule schedule;
    struct error error;

    if (schedule_init(&schedule, config, NOW, &error) != -1)
        fail_msg("taken: %s", options);
    assert_int_equal(error.code, code);
}

static void impossible_times_and_rates_are_refused(void **state)
{
    (void)state;
    refuse("--rate 0", ANT_VALUE_INVALID);
    refuse("--rate -1", ANT_VALUE_INVALID);
    refuse("--rate 10000001", ANT_VALUE_INVALID);
    refuse("--rate 5.5", ANT_VALUE_INVALID);
    refuse("--rate fast", ANT_VALUE_INVALID);
    refuse("--from 2022-02-20T12:00:01Z", ANT_VALUE_INVALID);
    refuse("--from 2022-02-20T10:00:00Z --to 2022-02-20T12:00:01Z", ANT_VALUE_INVALID);
    refuse("--from 2022-02-20T11:00:00Z --to 2022-02-20T10:00:00Z", ANT_VALUE_INVALID);
    refuse("--to 2022-02-20T10:00:00Z", ANT_OPTIONS_CONFLICT);
    refuse("--from 2000-01-01T01:59:59Z", ANT_VALUE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_events_happen_when_they_are_sent),
        cmocka_unit_test(the_start_is_that_of_sending),
        cmocka_unit_test(waits_end_when_the_message_is_due),
        cmocka_unit_test(the_past_is_due_at_once),
        cmocka_unit_test(max_catches_up_and_then_is_now),
        cmocka_unit_test(a_count_spreads_over_the_range),
        cmocka_unit_test(one_message_begins_the_range),
        cmocka_unit_test(a_huge_count_does_not_overflow),
        cmocka_unit_test(a_range_without_a_count_is_filled_at_the_rate),
        cmocka_unit_test(impossible_times_and_rates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
