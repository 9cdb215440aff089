/* base/table: columns are as wide as what is in them; base/text: what fits. */
#include "unit.h"

#include "base/table.h"
#include "base/text.h"

static const struct table_column columns[] = {{"number", false}, {"name", true}, {"n", false}};

static void test_columns_are_as_wide_as_their_cells(void **state)
{
    cleanup(table_release) struct table table = {0};
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    table_begin(&table, columns, 3);
    table_cell(&table, "%d", 1);
    table_cell(&table, "a");
    table_cell(&table, "%d", 12345);
    table_cell(&table, "%d", 12345678);
    table_cell(&table, "longer");
    table_cell(&table, "%d", 2);
    table_write(&table, &text);
    assert_string_equal(text.data, "  number  name        n\n"
                                   "       1  a       12345\n"
                                   "12345678  longer      2\n");
}

static void test_a_wide_character_counts_as_two(void **state)
{
    size_t taken;

    (void)state;
    assert_int_equal(text_fit("abc", 2, &taken), 2);
    assert_int_equal(taken, 2);
    assert_int_equal(text_fit("aé", 2, &taken), 1);
    assert_int_equal(taken, 1);
    assert_int_equal(text_fit("aé", 3, &taken), 3);
    assert_int_equal(taken, 3);
    assert_int_equal(text_fit("", 3, &taken), 0);
    /* Cut off in the middle of a character: no byte behind the end is read. */
    assert_int_equal(text_fit("\xe2\x82", 9, &taken), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_cells),
        cmocka_unit_test(test_a_wide_character_counts_as_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
