/* What a worker has read and not yet written: each limit is told before anything is taken, and dropping makes room. */
#include "speed/pending.h"

#include "base/memory.h"
#include "base/time.h"
#include "unit.h"

#define TIME 1645351200

#define STANDARD_KINDS __builtin_popcount(total_kinds_standard())

static struct pending *pending;
static struct partition partition;

static void begin(struct job job)
{
    pending = memory_new(1, sizeof(*pending));
    job.kinds = total_kinds_standard();
    pending_init(pending, &job);
    partition = (struct partition){.epoch = 1};
}

static const struct job wide = {
    .record_limits = {.max_future = 3600, .max_bytes = INT64_MAX},
    .rows_limits = {1000000, 64 << 20},
    .archive = true,
    .window = 300,
};

static int tear_down(void **state)
{
    (void)state;
    pending_release(pending);
    free(pending);
    return 0;
}

static enum pending_limit take(const char *json, int64_t arrival)
{
    const struct message message = {
        .offset = partition.next_offset, .arrival = arrival, .data = json, .size = json ? strlen(json) : 0};

    pending_decode(pending, &message, 1);
    pending_intern(pending, 1);
    return pending_take(pending, &partition, &message, &pending->ahead[0]);
}

static enum pending_limit take_event_of(int64_t time, const char *user, int64_t bytes, int64_t arrival)
{
    cleanup(memory_free) char *json =
        memory_printf("{\"timestamp\": %lld, \"id\": \"%s\", \"antenna_id\": \"a\", \"bytes\": %lld, \"app\": \"x\"}",
                      (long long)time, user, (long long)bytes);

    return take(json, arrival);
}

static enum pending_limit take_event(const char *user, int64_t bytes, int64_t arrival)
{
    return take_event_of(TIME, user, bytes, arrival);
}

/* What a commit takes, which ends at once. */
static void commit(void)
{
    struct rejected rejected;
    struct total *totals;
    size_t count;

    pending_begin_commit(pending, &totals, &count, &rejected);
    free(totals);
    rejected_release(&rejected);
    pending_end_commit(pending);
}

static void roll(void)
{
    struct rows rows;

    pending_begin_roll(pending, &rows);
    rows_clear(&rows);
    pending_end_roll(pending);
}

static void test_events_and_others(void **state)
{
    (void)state;
    begin(wide);
    assert_int_equal(take_event("u", 7, -1), PENDING_TAKEN);
    assert_int_equal(take(NULL, -1), PENDING_TAKEN);
    assert_int_equal(take("{", -1), PENDING_TAKEN);
    assert_int_equal(partition.next_offset, 3);
    assert_int_equal(partition.totals.delta.records, 1);
    assert_int_equal(partition.totals.delta.rejected, 2);
    assert_int_equal(partition.totals.delta.bytes, 7);
    assert_int_equal(pending->rows.count, 1);
    assert_int_equal(totals_count(pending->totals), STANDARD_KINDS);
}

/* Event time comes no further than the arrival. */
static void test_time_that_is_reached(void **state)
{
    (void)state;
    begin(wide);
    assert_int_equal(take_event("u", 1, TIME - 10), PENDING_TAKEN);
    assert_int_equal(partition.totals.delta.until, TIME - 10);
    assert_int_equal(take_event("u", 1, TIME + 10), PENDING_TAKEN);
    assert_int_equal(partition.totals.delta.until, TIME);
    assert_int_equal(take_event("u", 1, TIME - 20), PENDING_TAKEN);
    assert_int_equal(partition.archive.delta.until, TIME);
}

/* An event that is ahead of every clock is counted, and seals no hour: 0 is nothing reached. */
static void test_time_that_cannot_be_reached(void **state)
{
    const int64_t now = time_now(), year = (int64_t)365 * 86400, none = -1;
    const struct {
        int64_t time, arrival, reached;
    } cases[] = {
        {TIME, none, TIME},
        {now, none, now},
        {now + 1800, none, now + 1800}, /* --max-future is an hour */
        {now + year, none, 0},
        {now + year, now, 0}, /* rejected */
        {now + year, now + year, 0},
        {now, now + year, now},
        {now + 1800, now + year, now + 1800},
        {now - year, now + year, now - year},
    };

    (void)state;
    begin(wide);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        partition.totals.delta.until = partition.archive.delta.until = 0;
        assert_int_equal(take_event_of(cases[i].time, "u", 1, cases[i].arrival), PENDING_TAKEN);
        if (partition.totals.delta.until != cases[i].reached || partition.archive.delta.until != cases[i].reached)
            fail_msg("case %zu: %lld", i, (long long)(partition.totals.delta.until - now));
    }
}

/* A message goes to each side whose offset it has not passed, and to no other. A rejected one is the totals' to keep.
 */
static void test_messages_that_are_read_again(void **state)
{
    const struct {
        int64_t totals_offset, archive_offset, totalled, rejected, archived;
    } cases[] = {
        {0, 0, 2, 1, 2}, {2, 0, 1, 0, 2}, {0, 2, 2, 1, 1}, {1, 3, 1, 1, 0}, {3, 1, 0, 0, 1}, {9, 9, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (i)
            tear_down(state);
        begin(wide);
        partition.totals.offset = cases[i].totals_offset;
        partition.archive.offset = cases[i].archive_offset;
        assert_int_equal(take_event("u", 1, TIME), PENDING_TAKEN);
        assert_int_equal(take("{", TIME), PENDING_TAKEN);
        assert_int_equal(take_event("u", 1, TIME), PENDING_TAKEN);
        assert_int_equal(partition.next_offset, 3);
        assert_int_equal(pending->rows.count, cases[i].archived);
        assert_int_equal(partition.archive.delta.records, cases[i].archived);
        assert_int_equal(partition.archive.delta.until, cases[i].archived ? TIME : 0);
        assert_int_equal(partition.totals.delta.records, cases[i].totalled);
        assert_int_equal(partition.totals.delta.rejected, cases[i].rejected);
        assert_int_equal(partition.totals.delta.until, cases[i].totalled ? TIME : 0);
        assert_int_equal(totals_count(pending->totals), cases[i].totalled ? STANDARD_KINDS : 0);
    }
}

static void test_totals_only(void **state)
{
    struct job job = wide;

    (void)state;
    job.archive = false;
    begin(job);
    assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
    assert_int_equal(pending->rows.count, 0);
    assert_int_equal(partition.archive.delta.records, 0);
    assert_int_equal(totals_count(pending->totals), STANDARD_KINDS);
}

/* A partition's counters, too, are 64 bits; what does not fit waits for the commit and the roll. */
static void test_bytes_beyond_int64(void **state)
{
    struct job job = wide;

    (void)state;
    begin(job);
    assert_int_equal(take_event("u", INT64_MAX, -1), PENDING_TAKEN);
    assert_int_equal(take_event("v", 1, -1), PENDING_ROWS_FULL);
    partition.archive.delta = (struct partition_delta){0};
    roll();
    assert_int_equal(take_event("v", 1, -1), PENDING_TOTALS_FULL);
    assert_int_equal(partition.next_offset, 1);
    partition.totals.delta = (struct partition_delta){0};
    commit();
    assert_int_equal(take_event("v", 1, -1), PENDING_TAKEN);
}

static void test_rows_are_full(void **state)
{
    struct job job = wide;

    (void)state;
    job.rows_limits.count = 2;
    begin(job);
    assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
    assert_int_equal(take_event("v", 1, -1), PENDING_TAKEN);
    assert_int_equal(take_event("w", 1, -1), PENDING_ROWS_FULL);
    roll();
    assert_int_equal(totals_count(pending->totals), STANDARD_KINDS + 1);
    assert_int_equal(take_event("w", 1, -1), PENDING_TAKEN);
}

/* Rows may be rolled while their totals wait, but for names that have become many and sums that may be too large. */
static void test_rolls_before_the_commit(void **state)
{
    struct job job = wide;

    (void)state;
    job.record_limits.max_bytes = (int64_t)1 << 40;
    begin(job);
    assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
    assert_true(pending_may_roll_first(pending));
    for (int i = 0; i < 1024; i++)
        assert_int_equal(take_event("u", (int64_t)1 << 40, -1), PENDING_TAKEN);
    assert_false(pending_may_roll_first(pending));
    commit();
    assert_true(pending_may_roll_first(pending));
    full_hours_note(&pending->full_hours, TIME, INT64_MAX);
    assert_false(pending_may_roll_first(pending));
}

/* One such event may fill an hour in a moment. */
static void test_rolls_of_events_without_a_limit(void **state)
{
    (void)state;
    begin(wide);
    assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
    assert_false(pending_may_roll_first(pending));
}

static void test_many_rejected_messages(void **state)
{
    int taken = 0;

    (void)state;
    begin(wide);
    /* messages of 12 reasons, of each of which the first are kept; then they are counted only */
    while (taken < 5000 && take(taken % 2 ? "{" : "[]", -1) == PENDING_TAKEN)
        taken++;
    assert_int_equal(taken, 5000);
    assert_int_equal(partition.totals.delta.rejected, 5000);
}

/* Most names come again; so many do not. */
static void test_names_become_many(void **state)
{
    (void)state;
    begin(wide);
    for (int i = 0; i < 300000; i++) {
        cleanup(memory_free) char *user = memory_printf("user-%d", i);

        assert_int_equal(take_event(user, 1, -1), PENDING_TAKEN);
        if (i == 1000) {
            pending_drop(pending);
            assert_int_equal(dictionary_count(&pending->dictionary), 1001 + 2); /* an antenna and an app */
        }
    }
    pending_drop(pending);
    assert_int_equal(dictionary_count(&pending->dictionary), 0);
}

/* What is read again for the totals alone leaves no rows: nothing is rolled. */
static void test_names_become_many_without_rows(void **state)
{
    (void)state;
    begin(wide);
    partition.archive.offset = 1000000;
    for (int i = 0; i < 300000; i++) {
        cleanup(memory_free) char *user = memory_printf("user-%d", i);

        assert_int_equal(take_event(user, 1, -1), PENDING_TAKEN);
    }
    commit();
    assert_int_equal(dictionary_count(&pending->dictionary), 0);
}

/* The encoder reads names meanwhile. */
static void test_names_stay_while_a_roll_is_under_way(void **state)
{
    struct rows rows;

    (void)state;
    begin(wide);
    for (int i = 0; i < 300000; i++) {
        cleanup(memory_free) char *user = memory_printf("user-%d", i);

        assert_int_equal(take_event(user, 1, -1), 0);
    }
    assert_false(pending_keeps_names(pending));
    pending_begin_roll(pending, &rows);
    assert_int_equal(rows.count, 300000);
    assert_int_equal(pending->rows.count, 0);
    commit();
    assert_int_equal(dictionary_count(&pending->dictionary), 300000 + 2);
    rows_clear(&rows);
    pending_end_roll(pending);
    assert_int_equal(dictionary_count(&pending->dictionary), 0);
}

/* Rows of a roll under way and those that wait are within the limits of memory together. */
static void test_a_limit_of_memory_while_a_roll_is_under_way(void **state)
{
    struct job job = wide;
    struct rows rows;
    int64_t alone, beside;

    (void)state;
    job.pending_memory = 16 << 20;
    begin(job);
    while (take_event("u", 1, -1) == PENDING_TAKEN)
        continue;
    alone = partition.next_offset;
    roll();
    for (int64_t i = 0; i < alone / 2; i++)
        assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
    pending_begin_roll(pending, &rows);
    while (take_event("u", 1, -1) == PENDING_TAKEN)
        continue;
    beside = partition.next_offset - alone - alone / 2;
    assert_in_range(beside, alone / 2, alone - 1);
    /* the end of the roll makes room */
    rows_clear(&rows);
    pending_end_roll(pending);
    assert_int_equal(take_event("u", 1, -1), PENDING_TAKEN);
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

        if (take_event(user, 1, -1) == PENDING_TAKEN) {
            taken++;
            continue;
        }
        pending_drop(pending);
        partition.totals.offset = partition.archive.offset = partition.next_offset;
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
        test(test_time_that_cannot_be_reached),
        test(test_messages_that_are_read_again),
        test(test_totals_only),
        test(test_bytes_beyond_int64),
        test(test_rows_are_full),
        test(test_rolls_before_the_commit),
        test(test_rolls_of_events_without_a_limit),
        test(test_many_rejected_messages),
        test(test_names_become_many),
        test(test_names_become_many_without_rows),
        test(test_names_stay_while_a_roll_is_under_way),
        test(test_a_limit_of_memory),
        test(test_a_limit_of_memory_while_a_roll_is_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
