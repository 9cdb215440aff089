/* The deltas of a commit: three sums an event, in the order of rows. */
#include "speed/totals.h"

#include "record_of.h"
#include "unit.h"

#define WINDOW 1645351200

static struct totals *totals;
static struct dictionary dictionary;

static int set_up(void **state)
{
    (void)state;
    totals = totals_new(300, total_kinds_standard());
    dictionary_init(&dictionary, total_kinds_standard());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    totals_free(totals);
    dictionary_release(&dictionary);
    return 0;
}

static struct coded_event event_of(int64_t time, const char *antenna, const char *app, const char *user, int64_t bytes)
{
    const struct record record = record_of(time, user, antenna, app, bytes);
    struct coded_event event;
    uint32_t hashes[TEXTS];

    dictionary_hash(&record, hashes);
    assert_int_equal(dictionary_encode(&dictionary, &record, hashes, &event), 0);
    return event;
}

static int add(int64_t time, const char *antenna, const char *app, const char *user, int64_t bytes)
{
    const struct coded_event event = event_of(time, antenna, app, user, bytes);

    return totals_add(totals, &event);
}

static void is_total(const struct total *total, int64_t window, enum total_kind kind, const char *id, int64_t value)
{
    assert_int_equal(total->window, window);
    assert_int_equal(total->kind, kind);
    assert_slice(total->id, id);
    assert_int_equal(total->value, value);
}

static void test_nothing(void **state)
{
    struct total *sorted = totals_sorted(totals, &dictionary);

    (void)state;
    assert_non_null(sorted);
    assert_int_equal(totals_count(totals), 0);
    free(sorted);
    totals_free(NULL);
}

static void test_an_event_makes_three_sums(void **state)
{
    struct total *sorted;

    (void)state;
    assert_int_equal(add(WINDOW + 299, "a", "SKYPE", "u", 7), 0);
    assert_int_equal(totals_count(totals), 3);
    sorted = totals_sorted(totals, &dictionary);
    is_total(&sorted[0], WINDOW, TOTAL_USER_BYTES, "u", 7);
    is_total(&sorted[1], WINDOW, TOTAL_ANTENNA_BYTES, "a", 7);
    is_total(&sorted[2], WINDOW, TOTAL_APP_BYTES, "SKYPE", 7);
    free(sorted);
}

static void test_windows_begin_every_five_minutes(void **state)
{
    struct total *sorted;

    (void)state;
    assert_int_equal(add(WINDOW + 300, "a", "x", "u", 1), 0);
    assert_int_equal(add(WINDOW + 299, "a", "x", "u", 2), 0);
    assert_int_equal(add(WINDOW, "a", "x", "u", 4), 0);
    assert_int_equal(add(WINDOW - 1, "a", "x", "u", 8), 0);
    assert_int_equal(totals_count(totals), 9);
    sorted = totals_sorted(totals, &dictionary);
    is_total(&sorted[3], WINDOW - 300, TOTAL_ANTENNA_BYTES, "a", 8);
    is_total(&sorted[4], WINDOW, TOTAL_ANTENNA_BYTES, "a", 6);
    is_total(&sorted[5], WINDOW + 300, TOTAL_ANTENNA_BYTES, "a", 1);
    free(sorted);
}

/* Each event is looked up as the speed layer does, in and out of the window of the one before it. */
static void test_every_window(void **state)
{
    static const int64_t windows[] = {1, 60, 900, 3600};
    static const int64_t times[] = {WINDOW, WINDOW + 1, WINDOW - 1, RECORD_TIME_MIN, RECORD_TIME_END - 1, WINDOW};

    (void)state;
    for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++)
        for (size_t j = 0; j < sizeof(times) / sizeof(*times); j++) {
            struct coded_event event = event_of(times[j], "a", "x", "u", 1);
            struct total *sorted;

            if (j == 0) {
                totals_free(totals);
                totals = totals_new(windows[i], total_kinds_standard());
            }
            totals_fetch(totals, &event);
            assert_int_equal(totals_add(totals, &event), 0);
            sorted = totals_sorted(totals, &dictionary);
            is_total(&sorted[0], times[j] - times[j] % windows[i], TOTAL_USER_BYTES, "u", 1);
            free(sorted);
            totals_clear(totals);
        }
}

/* The same name counts for each kind by itself. */
static void test_one_name_in_all_kinds(void **state)
{
    (void)state;
    assert_int_equal(add(WINDOW, "same", "same", "same", 1), 0);
    assert_int_equal(add(WINDOW, "same", "same", "same", 1), 0);
    assert_int_equal(totals_count(totals), 3);
}

static void test_an_event_without_bytes_leaves_rows(void **state)
{
    struct total *sorted;

    (void)state;
    assert_int_equal(add(WINDOW, "a", "x", "u", 0), 0);
    sorted = totals_sorted(totals, &dictionary);
    is_total(&sorted[0], WINDOW, TOTAL_USER_BYTES, "u", 0);
    free(sorted);
}

/* One order for all workers, in which they lock rows: what they share most comes last, names as in collation "C". */
static void test_order_of_rows(void **state)
{
    const int turns[TOTAL_KINDS] = {[TOTAL_USER_BYTES] = 1, [TOTAL_ANTENNA_BYTES] = 2, [TOTAL_APP_BYTES] = 3};
    struct total *sorted;
    size_t count;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        char antenna[16], user[16];

        sprintf(antenna, "a%d", i * 7919 % 113);
        sprintf(user, "%s%d", i % 2 ? "u" : "U\xc3\xa4", i * 104729 % 997);
        assert_int_equal(add(WINDOW + i * 31 % 3000, antenna, i % 3 ? "X" : "x", user, i), 0);
    }
    count = totals_count(totals);
    sorted = totals_sorted(totals, &dictionary);
    for (size_t i = 1; i < count; i++) {
        const struct total *left = &sorted[i - 1], *right = &sorted[i];

        assert_true(turns[left->kind] <= turns[right->kind]);
        if (left->kind != right->kind)
            continue;
        assert_true(left->window <= right->window);
        if (left->window == right->window)
            assert_true(slice_compare(left->id, right->id) < 0);
    }
    free(sorted);
}

static void test_sums_agree_with_a_second_count(void **state)
{
    static int64_t expected[10][100];
    struct total *sorted;
    int64_t seen = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int window = i / 100 % 10, user = i * 13 % 100;
        char name[16];

        sprintf(name, "u%02d", user);
        assert_int_equal(add(WINDOW + window * 300 + i % 300, "a", "x", name, i), 0);
        expected[window][user] += i;
    }
    sorted = totals_sorted(totals, &dictionary);
    for (size_t i = 0; i < totals_count(totals); i++)
        if (sorted[i].kind == TOTAL_USER_BYTES) {
            assert_int_equal(sorted[i].value, expected[(sorted[i].window - WINDOW) / 300][atoi(sorted[i].id.data + 1)]);
            seen++;
        }
    assert_int_equal(seen, 1000);
    free(sorted);
}

static void test_no_sum_exceeds_int64(void **state)
{
    struct total *sorted;

    (void)state;
    assert_int_equal(add(WINDOW, "a", "x", "u", INT64_MAX), 0);
    assert_int_equal(add(WINDOW, "b", "y", "u", 1), 1);
    assert_int_equal(totals_count(totals), 3);
    sorted = totals_sorted(totals, &dictionary);
    is_total(&sorted[0], WINDOW, TOTAL_USER_BYTES, "u", INT64_MAX);
    free(sorted);
    totals_clear(totals);
    assert_int_equal(totals_count(totals), 0);
    assert_int_equal(add(WINDOW, "b", "y", "u", 1), 0);
}

static void test_hours(void **state)
{
    static const int64_t times[] = {WINDOW, WINDOW + 3600, WINDOW - 1, WINDOW + 3599, WINDOW + 3600, WINDOW + 7200};
    static const int64_t hours[] = {WINDOW - 3600, WINDOW, WINDOW + 3600, WINDOW + 7200}, events[] = {1, 2, 2, 1};
    struct hour_bytes *found;
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        assert_int_equal(add(times[i], "a", "x", "u", 0), 0);
    found = totals_hours(totals, &count);
    assert_int_equal(count, sizeof(hours) / sizeof(*hours));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].hour, hours[i]);
        assert_int_equal(found[i].events, events[i]);
        assert_int_equal(found[i].bytes, 0);
    }
    free(found);
    totals_clear(totals);
    free(totals_hours(totals, &count));
    assert_int_equal(count, 0);
}

static void test_full(void **state)
{
    struct coded_event event = event_of(WINDOW, "a", "x", "u", 1);
    uint32_t events = 0;

    (void)state;
    /* other windows need no other names */
    for (; events < TOTALS_MAX; events++) {
        event.timestamp += 300;
        if (totals_add(totals, &event))
            break;
    }
    assert_int_equal(events, TOTALS_MAX / 3);
    assert_int_equal(totals_count(totals), events * 3);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_nothing),
        test(test_an_event_makes_three_sums),
        test(test_windows_begin_every_five_minutes),
        test(test_every_window),
        test(test_one_name_in_all_kinds),
        test(test_an_event_without_bytes_leaves_rows),
        test(test_order_of_rows),
        test(test_sums_agree_with_a_second_count),
        test(test_no_sum_exceeds_int64),
        test(test_hours),
        test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
