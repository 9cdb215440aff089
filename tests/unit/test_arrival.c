/* Which timestamps of Kafka's can be a message's arrival. */
#include "kafka/consumer.h"
#include "unit.h"

static void test_stamps(void **state)
{
    static const struct {
        int64_t stamp_ms, arrival;
        const char *what;
    } cases[] = {
        {-1, -1, "none"},
        {0, -1, "a producer without a clock"},
        {1, -1, "the same, a moment later"},
        {INT64_MIN, -1, "garbage"},
        {INT64_MAX, -1, "garbage"},
        {946684799999, -1, "the end of 1999"},
        {946684800000, -1, "a board's clock at its reset, 2000"},
        {1262304000000, -1, "the same, 2010"},
        {1451606399999, -1, "before Kafka had timestamps"},
        {1451606400000, 1451606400, "the first that can be one"},
        {1645351200999, 1645351200, "milliseconds"},
        {1645351200, -1, "seconds"},
        {1645351200000000, -1, "microseconds"},
        {1645351200000000000, -1, "nanoseconds"},
        {132898248000000000, -1, "a Windows file time"},
        {4102444799999, 4102444799, "the last that can be one"},
        {4102444800000, -1, "2100"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (arrival_of(cases[i].stamp_ms) != cases[i].arrival)
            fail_msg("%lld, %s: %lld", (long long)cases[i].stamp_ms, cases[i].what,
                     (long long)arrival_of(cases[i].stamp_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stamps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
