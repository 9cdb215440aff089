/* The partitions of a worker. */
#include "speed/partitions.h"

#include <stdlib.h>

#include "unit.h"

static void test_partitions_are_sorted(void **state)
{
    static const int32_t added[] = {5, 1, 9, 0, 5, 7, 1};
    static const int32_t expected[] = {0, 1, 5, 7, 9};
    struct partitions partitions = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(added) / sizeof(*added); i++)
        partitions_add(&partitions, added[i]);
    assert_int_equal(partitions.count, 5);
    for (size_t i = 0; i < partitions.count; i++) {
        assert_int_equal(partitions.list[i].id, expected[i]);
        assert_ptr_equal(partitions_find(&partitions, expected[i]), &partitions.list[i]);
    }
    assert_null(partitions_find(&partitions, 2));
    assert_null(partitions_find(&partitions, 10));
    assert_null(partitions_find(&partitions, -1));
    partitions_release(&partitions);
    assert_int_equal(partitions.count, 0);
}

static void test_partition_is_removed(void **state)
{
    struct partitions partitions = {0};

    (void)state;
    partitions_remove(&partitions, 0);
    for (int32_t i = 0; i < 4; i++)
        partitions_add(&partitions, i);
    partitions_remove(&partitions, 2);
    partitions_remove(&partitions, 2);
    assert_int_equal(partitions.count, 3);
    assert_null(partitions_find(&partitions, 2));
    assert_int_equal(partitions_find(&partitions, 3)->id, 3);
    partitions_release(&partitions);
}

static void test_adding_a_known_partition_keeps_it(void **state)
{
    struct partitions partitions = {0};

    (void)state;
    partitions_add(&partitions, 3);
    partitions_find(&partitions, 3)->epoch = 12;
    partitions_add(&partitions, 3);
    assert_int_equal(partitions_find(&partitions, 3)->epoch, 12);
    partitions_release(&partitions);
}

static void test_claims(void **state)
{
    struct partitions partitions = {0};
    struct partition *partition;

    (void)state;
    partitions_add(&partitions, 0);
    partitions_add(&partitions, 1);
    assert_int_equal(partitions_count_unclaimed(&partitions), 2);
    partition = partitions_find(&partitions, 1);
    *partition =
        (struct partition){.id = 1, .reading = true, .epoch = 4, .totals = {8, 8, {.records = 1}}, .next_offset = 9};
    assert_int_equal(partitions_count_unclaimed(&partitions), 1);
    partitions_unclaim(&partitions);
    assert_int_equal(partitions_count_unclaimed(&partitions), 2);
    assert_int_equal(partition->next_offset, 0);
    assert_int_equal(partition->totals.delta.records, 0);
    /* what PostgreSQL has confirmed is known, also after a claim that failed */
    assert_int_equal(partition->confirmed_offset, 8);
    partitions_unclaim(&partitions);
    assert_int_equal(partition->confirmed_offset, 8);
    /* the consumer still fetches it */
    assert_true(partition->reading);
    partitions_release(&partitions);
}

/* A step goes on from the one before it, whether PostgreSQL has taken that or not: a lost one fences it. */
static void test_steps_of_a_side(void **state)
{
    struct partitions partitions = {0};
    struct progress_step *first, *second;
    size_t count;

    (void)state;
    for (int i = 0; i < 4; i++)
        partitions_add(&partitions, i);
    /* 0 is not claimed, of 1 both sides wait, of 2 the totals, 3 is read again for the archive */
    partitions.list[1] = (struct partition){
        .id = 1, .epoch = 7, .totals = {5, 5, {1, 2, 3, 4}}, .archive = {6, 6, {.records = 9}}, .next_offset = 8};
    partitions.list[2] = (struct partition){.id = 2, .epoch = 1, .archive = {3, 3, {0}}, .next_offset = 2};
    partitions.list[3] = (struct partition){.id = 3, .epoch = 1, .totals = {4, 4, {0}}, .next_offset = 2};
    first = partitions_send(&partitions, SIDE_TOTALS, &count);
    assert_int_equal(count, 2);
    assert_int_equal(first->epoch, 7);
    assert_int_equal(first->from_offset, 5);
    assert_int_equal(first->next_offset, 8);
    assert_int_equal(first->records, 1);
    assert_int_equal(first->rejected, 2);
    assert_int_equal(first->bytes, 3);
    assert_int_equal(first->until, 4);
    assert_int_equal(first[1].partition, 2);
    assert_false(partitions_have_pending(&partitions, SIDE_TOTALS));
    assert_true(partitions_have_pending(&partitions, SIDE_ARCHIVE));
    partitions.list[1].next_offset = 10;
    partitions.list[1].totals.delta.records++;
    second = partitions_send(&partitions, SIDE_TOTALS, &count);
    assert_int_equal(count, 1);
    assert_int_equal(second->from_offset, 8);
    assert_int_equal(second->next_offset, 10);
    assert_int_equal(second->records, 1);
    partitions_confirm(&partitions, SIDE_TOTALS, first, 2);
    assert_int_equal(partitions.list[1].totals.offset, 8);
    assert_int_equal(partitions.list[2].totals.offset, 2);
    assert_int_equal(partitions.list[1].archive.offset, 6);
    assert_int_equal(partitions.list[1].archive.delta.records, 9);
    free(first);
    free(second);
    partitions_release(&partitions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_are_sorted),
        cmocka_unit_test(test_partition_is_removed),
        cmocka_unit_test(test_adding_a_known_partition_keeps_it),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_steps_of_a_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
