/* The tables of fields and of totals. */
#include "record/total_kind.h"

#include <string.h>

#include "unit.h"

static void test_turns_are_an_order(void **state)
{
    (void)state;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        for (enum total_kind other = 0; other < kind; other++)
            assert_int_not_equal(total_kinds[kind].turn, total_kinds[other].turn);
}

static void test_labels_are_in_order(void **state)
{
    (void)state;
    for (int i = 1; i < TOTAL_KINDS; i++)
        assert_true(strcmp(total_kinds[i - 1].label, total_kinds[i].label) < 0);
    /* Part of the data contract. */
    assert_int_equal(total_kind_find(slice_of("antenna_bytes_total")), TOTAL_ANTENNA_BYTES);
    assert_int_equal(total_kind_find(slice_of("app_bytes_total")), TOTAL_APP_BYTES);
    assert_int_equal(total_kind_find(slice_of("user_bytes_total")), TOTAL_USER_BYTES);
    assert_int_equal(total_kind_find(slice_of("user_bytes_total ")), TOTAL_KINDS);
}

/* An event has each total: what it may lack is no key. */
static void test_keys_are_required_fields(void **state)
{
    (void)state;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        for (int i = 0; i < 2; i++)
            assert_true(text_field(total_kinds[kind].texts[i])->required);
}

static void test_one_field_is_the_time_and_one_the_amount(void **state)
{
    int times = 0, amounts = 0;

    (void)state;
    for (enum field field = 0; field < FIELDS; field++) {
        times += record_fields[field].kind == FIELD_KIND_TIME;
        amounts += record_fields[field].kind == FIELD_KIND_AMOUNT;
        assert_true(record_fields[field].required || record_fields[field].text < TEXTS);
    }
    assert_int_equal(times, 1);
    assert_int_equal(amounts, 1);
}

static void test_required_fields_are_listed(void **state)
{
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    fields_list(&text);
    assert_string_equal(text.data, "timestamp, id, antenna_id, bytes and app");
}

/* Two pairs that differ have ids that differ. */
static void test_ids_of_pairs(void **state)
{
    static const struct {
        const char *first, *second, *id;
    } pairs[] = {
        {"a", "b", "a/b"},       {"a/", "b", "a\\//b"},       {"a", "/b", "a/\\/b"},
        {"a\\", "b", "a\\\\/b"}, {"a\\/", "b", "a\\\\\\//b"}, {"\xe6\x97\xa5", "\xc3\xa9", "\xe6\x97\xa5/\xc3\xa9"},
    };
    char id[PAIR_SIZE_MAX], longest[RECORD_TEXT_SIZE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        assert_slice(pair_join(slice_of(pairs[i].first), slice_of(pairs[i].second), id), pairs[i].id);
    memset(longest, '/', RECORD_TEXT_SIZE_MAX);
    longest[RECORD_TEXT_SIZE_MAX] = '\0';
    assert_int_equal(pair_join(slice_of(longest), slice_of(longest), id).size, PAIR_SIZE_MAX);
}

/* antenna forget changes the ids of the totals of users: those that a user's id is a part of, and no others. */
static void test_parts_of_keys(void **state)
{
    (void)state;
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        for (enum text text = 0; text < TEXTS; text++) {
            const struct total_kind_entry *entry = &total_kinds[kind];
            enum key_part part = total_kind_part(kind, text);

            if (part == KEY_NO_PART)
                assert_true(entry->texts[0] != text && entry->texts[1] != text);
            else
                assert_int_equal(entry->texts[part == KEY_SECOND], text);
            assert_int_equal(part == KEY_WHOLE, entry->key == (int)text);
        }
    assert_int_equal(total_kind_part(TOTAL_USER_BYTES, TEXT_USER), KEY_WHOLE);
    assert_int_equal(total_kind_part(TOTAL_ANTENNA_APP_BYTES, TEXT_USER), KEY_NO_PART);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_are_an_order),
        cmocka_unit_test(test_labels_are_in_order),
        cmocka_unit_test(test_keys_are_required_fields),
        cmocka_unit_test(test_one_field_is_the_time_and_one_the_amount),
        cmocka_unit_test(test_required_fields_are_listed),
        cmocka_unit_test(test_ids_of_pairs),
        cmocka_unit_test(test_parts_of_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
