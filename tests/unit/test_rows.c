/* Rows on their way to Parquet: gathered by hour, within limits. */
#include "archive/rows.h"

#include "unit.h"

#define HOUR 1645351200

static struct rows rows;

static int set_up(void **state)
{
    (void)state;
    rows = (struct rows){.limits = {.count = 100000, .memory = 64 << 20}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rows_clear(&rows);
    return 0;
}

static bool add(uint32_t time, int64_t bytes, int32_t partition, int64_t offset)
{
    const struct coded_event event = {.timestamp = time, .codes = {[TEXT_ID] = 3}, .bytes = bytes};

    if (!rows_have_room(&rows, &event))
        return false;
    rows_add(&rows, &event, partition, offset);
    return true;
}

static void test_hours_are_apart(void **state)
{
    (void)state;
    assert_true(add(HOUR + 3599, 1, 0, 10));
    assert_true(add(HOUR + 3600, 2, 0, 11));
    assert_true(add(HOUR, 4, 0, 12));
    assert_true(add(HOUR - 1, 8, 0, 13));
    assert_int_equal(rows.hour_count, 3);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.hours[0]->hour, HOUR);
    assert_int_equal(rows.hours[0]->count, 2);
    assert_int_equal(rows.hours[0]->bytes_total, 5);
    assert_int_equal(rows.hours[0]->min_timestamp, HOUR);
    assert_int_equal(rows.hours[0]->max_timestamp, HOUR + 3599);
    assert_int_equal(rows.hours[1]->hour, HOUR + 3600);
    assert_int_equal(rows.hours[2]->hour, HOUR - 3600);
    assert_int_equal(rows.hours[0]->codes[TEXT_ID][1], 3);
    assert_int_equal(rows.hours[0]->bytes[1], 4);
}

static void test_an_optional_text_takes_memory_when_a_row_has_it(void **state)
{
    const struct coded_event first = {.timestamp = HOUR, .codes = {[TEXT_ID] = 3}, .bytes = 1};
    struct coded_event event = first;

    (void)state;
    for (int i = 0; i < 1000; i++)
        rows_add(&rows, &first, 0, i);
    assert_null(rows.hours[0]->codes[TEXT_CELL]);
    event.codes[TEXT_CELL] = 7;
    rows_add(&rows, &event, 0, 1000);
    for (int i = 1001; i < 2000; i++)
        rows_add(&rows, &first, 0, i);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(rows.hours[0]->codes[TEXT_CELL][i], i == 1000 ? 7 : DICTIONARY_ABSENT);
        assert_int_equal(rows.hours[0]->codes[TEXT_ID][i], 3);
    }
}

static void test_hours_are_sorted(void **state)
{
    (void)state;
    rows_sort(&rows);
    for (int i = 0; i < 100; i++)
        assert_true(add((uint32_t)(HOUR + i * 37 % 100 * 3600), i, 0, i));
    rows_sort(&rows);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(rows.hours[i]->hour, HOUR + (int64_t)i * 3600);
}

static void test_offsets_of_each_partition(void **state)
{
    (void)state;
    assert_true(add(HOUR, 1, 3, 100));
    assert_true(add(HOUR, 1, 1, 7));
    assert_true(add(HOUR, 1, 3, 105));
    assert_int_equal(rows.hours[0]->range_count, 2);
    assert_int_equal(rows.hours[0]->ranges[0].partition, 3);
    assert_int_equal(rows.hours[0]->ranges[0].first, 100);
    assert_int_equal(rows.hours[0]->ranges[0].last, 105);
    assert_int_equal(rows.hours[0]->ranges[1].first, 7);
    assert_int_equal(rows.hours[0]->ranges[1].last, 7);
}

static void test_limit_of_rows(void **state)
{
    (void)state;
    rows.limits.count = 3;
    for (int i = 0; i < 3; i++)
        assert_true(add(HOUR, 1, 0, i));
    assert_false(add(HOUR, 1, 0, 3));
    rows_clear(&rows);
    assert_true(add(HOUR, 1, 0, 3));
}

static void test_limit_of_memory(void **state)
{
    int64_t taken = 0;

    (void)state;
    rows.limits.memory = 65536;
    while (add(HOUR, 1, 0, taken))
        taken++;
    assert_true(rows.memory <= 65536);
    assert_true(taken >= 1024);
    rows_clear(&rows);
    assert_int_equal(rows.memory, 0);
    /* any event finds room where nothing is */
    rows.limits.memory = 1;
    assert_true(add(HOUR, 1, 0, 0));
}

/* A backfill: memory alone bounds how many hours gather, and each keeps its own rows. */
static void test_many_hours(void **state)
{
    const int hours = 2000, rounds = 20;

    (void)state;
    rows.limits = (struct rows_limits){1000000, 8 << 20};
    for (int i = 0; i < hours * rounds; i++)
        assert_true(add((uint32_t)(HOUR + i % hours * 3600), i / hours, 0, i));
    assert_int_equal(rows.hour_count, hours);
    assert_in_range(rows.memory, 1, 8 << 20);
    for (int i = 0; i < hours; i++) {
        assert_int_equal(rows.hours[i]->hour, HOUR + i * 3600);
        assert_int_equal(rows.hours[i]->count, rounds);
        assert_int_equal(rows.hours[i]->bytes_total, rounds * (rounds - 1) / 2);
    }
    for (int i = hours; add((uint32_t)(HOUR + i * 3600), 1, 0, i); i++)
        assert_in_range(i, 0, 10000);
    assert_in_range(rows.memory, 7 << 20, 8 << 20);
}

static void test_sum_of_bytes_fits_int64(void **state)
{
    (void)state;
    assert_true(add(HOUR, INT64_MAX, 0, 0));
    assert_false(add(HOUR, 1, 0, 1));
    assert_true(add(HOUR, 0, 0, 1));
    assert_true(add(HOUR + 3600, INT64_MAX, 0, 2));
}

static void test_columns_grow(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 50000; i++)
        assert_true(add(HOUR + i % 3600, i, 0, i));
    for (uint32_t i = 0; i < 50000; i++) {
        assert_int_equal(rows.hours[0]->timestamps[i], HOUR + i % 3600);
        assert_int_equal(rows.hours[0]->bytes[i], i);
    }
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_hours_are_apart),  test(test_an_optional_text_takes_memory_when_a_row_has_it),
        test(test_hours_are_sorted), test(test_offsets_of_each_partition),
        test(test_limit_of_rows),    test(test_limit_of_memory),
        test(test_many_hours),       test(test_sum_of_bytes_fits_int64),
        test(test_columns_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
