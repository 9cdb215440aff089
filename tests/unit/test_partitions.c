/* The partitions of a worker. */
#include "speed/partitions.h"

#include "unit.h"

static void test_kept_in_order(void **state)
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

static void test_removed(void **state)
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

static void test_one_that_is_there_is_left_alone(void **state)
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
    *partition = (struct partition){
        .id = 1, .reading = true, .epoch = 4, .totals_offset = 8, .next_offset = 9, .to_total = {.records = 1}};
    assert_int_equal(partitions_count_unclaimed(&partitions), 1);
    partitions_unclaim(&partitions);
    assert_int_equal(partitions_count_unclaimed(&partitions), 2);
    assert_int_equal(partition->next_offset, 0);
    assert_int_equal(partition->to_total.records, 0);
    /* what PostgreSQL has confirmed is known, also after a claim that failed */
    assert_int_equal(partition->confirmed_offset, 8);
    partitions_unclaim(&partitions);
    assert_int_equal(partition->confirmed_offset, 8);
    /* the consumer still fetches it */
    assert_true(partition->reading);
    partitions_release(&partitions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_in_order),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_one_that_is_there_is_left_alone),
        cmocka_unit_test(test_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
