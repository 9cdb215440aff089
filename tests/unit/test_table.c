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

static void fits(const char *text, size_t room, size_t bytes, size_t taken)
{
    size_t found;

    assert_int_equal(text_fit(text, room, &found), bytes);
    assert_int_equal(found, taken);
}

static void test_characters_take_the_columns_of_a_terminal(void **state)
{
    (void)state;
    fits("abc", 2, 2, 2);
    fits("", 3, 0, 0);
    fits("aé", 1, 1, 1);
    fits("aé", 2, 3, 2);
    fits("a東京", 3, 4, 3);
    fits("a東京", 4, 4, 3);
    fits("🛰x", 9, 5, 2);
    fits("e\xcc\x81x", 1, 3, 1); /* a combining accent stays with its letter */
    /* Cut off in the middle of a character: no byte behind the end is read. */
    fits("\xe2\x82", 9, 2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_cells),
        cmocka_unit_test(test_characters_take_the_columns_of_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
