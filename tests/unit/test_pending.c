/* What a worker has read and not yet written: each limit is told before anything is taken, and dropping makes room. */
#include "speed/pending.h"

#include "base/memory.h"
#include "unit.h"

#define TIME 1645351200

static struct pending *pending;
static struct partition partition;

static void begin(struct job job)
{
    pending = memory_new(1, sizeof(*pending));
    pending_init(pending, &job);
    partition = (struct partition){.epoch = 1};
}

static const struct job wide = {
    .record_limits = {.max_future = 3600, .max_bytes = INT64_MAX},
    .rows_limits = {1000000, 64 << 20},
    .archive = true,
};

static int tear_down(void **state)
{
    (void)state;
    pending_release(pending);
    free(pending);
    return 0;
}

static int take(const char *json, int64_t arrival)
{
    const struct message message = {
        .offset = partition.next_offset, .arrival = arrival, .data = json, .size = json ? strlen(json) : 0};

    pending_decode(pending, &message, 1);
    pending_intern(pending, 1);
    return pending_take(pending, &partition, &message, &pending->ahead[0]);
}

static int take_event(const char *user, int64_t bytes, int64_t arrival)
{
    cleanup(memory_free) char *json =
        memory_printf("{\"timestamp\": %d, \"id\": \"%s\", \"antenna_id\": \"a\", \"bytes\": %lld, \"app\": \"x\"}",
                      TIME, user, (long long)bytes);

    return take(json, arrival);
}

static void test_events_and_others(void **state)
{
    (void)state;
    begin(wide);
    assert_int_equal(take_event("u", 7, -1), 0);
    assert_int_equal(take(NULL, -1), 0);
    assert_int_equal(take("{", -1), 0);
    assert_int_equal(partition.next_offset, 3);
    assert_int_equal(partition.to_total.records, 1);
    assert_int_equal(partition.to_total.rejected, 2);
    assert_int_equal(partition.to_total.bytes, 7);
    assert_int_equal(pending->rows.count, 1);
    assert_int_equal(totals_count(pending->totals), DIMENSIONS);
}

/* Event time comes no further than the arrival. */
static void test_time_that_is_reached(void **state)
{
    (void)state;
    begin(wide);
    assert_int_equal(take_event("u", 1, TIME - 10), 0);
    assert_int_equal(partition.to_total.until, TIME - 10);
    assert_int_equal(take_event("u", 1, TIME + 10), 0);
    assert_int_equal(partition.to_total.until, TIME);
    assert_int_equal(take_event("u", 1, TIME - 20), 0);
    assert_int_equal(partition.to_archive.until, TIME);
}

/* What the totals have is for the archive only; a rejected message was kept then. */
static void test_messages_that_are_read_again(void **state)
{
    (void)state;
    begin(wide);
    partition.totals_offset = 2;
    assert_int_equal(take_event("u", 1, -1), 0);
    assert_int_equal(take("{", -1), 0);
    assert_int_equal(take_event("u", 1, -1), 0);
    assert_int_equal(pending->rows.count, 2);
    assert_int_equal(partition.to_archive.records, 2);
    assert_int_equal(partition.to_total.records, 1);
    assert_int_equal(partition.to_total.rejected, 0);
}

static void test_totals_only(void **state)
{
    struct job job = wide;

    (void)state;
    job.archive = false;
    begin(job);
    assert_int_equal(take_event("u", 1, -1), 0);
    assert_int_equal(pending->rows.count, 0);
    assert_int_equal(partition.to_archive.records, 0);
    assert_int_equal(totals_count(pending->totals), DIMENSIONS);
}

/* A partition's counters, too, are 64 bits; what does not fit waits for the commit and the roll. */
static void test_bytes_beyond_int64(void **state)
{
    struct job job = wide;

    (void)state;
    begin(job);
    assert_int_equal(take_event("u", INT64_MAX, -1), 0);
    assert_int_equal(take_event("v", 1, -1), 1);
    partition.to_archive = (struct partition_delta){0};
    assert_int_equal(take_event("v", 1, -1), 1);
    assert_int_equal(partition.next_offset, 1);
    partition.to_total = (struct partition_delta){0};
    pending_drop(pending);
    assert_int_equal(take_event("v", 1, -1), 0);
}

static void test_rows_are_full(void **state)
{
    struct job job = wide;

    (void)state;
    job.rows_limits.count = 2;
    begin(job);
    assert_int_equal(take_event("u", 1, -1), 0);
    assert_int_equal(take_event("v", 1, -1), 0);
    assert_int_equal(take_event("w", 1, -1), 1);
    pending_drop(pending);
    assert_int_equal(take_event("w", 1, -1), 0);
}

static void test_many_rejected_messages(void **state)
{
    int taken = 0;

    (void)state;
    begin(wide);
    /* messages of 12 reasons, of each of which the first are kept; then they are counted only */
    while (taken < 5000 && take(taken % 2 ? "{" : "[]", -1) == 0)
        taken++;
    assert_int_equal(taken, 5000);
    assert_int_equal(partition.to_total.rejected, 5000);
}

/* Most names come again; so many do not. */
static void test_names_become_many(void **state)
{
    (void)state;
    begin(wide);
    for (int i = 0; i < 300000; i++) {
        cleanup(memory_free) char *user = memory_printf("user-%d", i);

        assert_int_equal(take_event(user, 1, -1), 0);
        if (i == 1000) {
            pending_drop(pending);
            assert_int_equal(dictionary_count(&pending->dictionary), 1003);
        }
    }
    pending_drop(pending);
    assert_int_equal(dictionary_count(&pending->dictionary), 0);
}

static void test_a_limit_of_memory(void **state)
{
    struct job job = wide;
    int taken = 0, drops = 0;

    (void)state;
    job.pending_memory = 8 << 20;
    begin(job);
    while (taken < 100000) {
        cleanup(memory_free) char *user = memory_printf("00000000-0000-0000-0000-%012d", taken);

        if (take_event(user, 1, -1) == 0) {
            taken++;
            continue;
        }
        pending_drop(pending);
        partition.totals_offset = partition.archive_offset = partition.next_offset;
        drops++;
        /* names are forgotten: the dictionary is as small as it was */
        assert_true(dictionary_memory(&pending->dictionary) + totals_memory(pending->totals) < job.pending_memory / 2);
    }
    assert_in_range(drops, 2, 20);
}

int main(void)
{
#define test(function) cmocka_unit_test_teardown(function, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_events_and_others),
        test(test_time_that_is_reached),
        test(test_messages_that_are_read_again),
        test(test_totals_only),
        test(test_bytes_beyond_int64),
        test(test_rows_are_full),
        test(test_many_rejected_messages),
        test(test_names_become_many),
        test(test_a_limit_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
