/* Names as small numbers: the interner and the dictionary of all names. */
#include "record/dictionary.h"

#include "record_of.h"
#include "unit.h"

static int intern(struct interner *interner, struct slice name, uint32_t *ret_code)
{
    return interner_code(interner, name, interner_hash(name), ret_code);
}

static uint32_t code_of(struct interner *interner, const char *name)
{
    uint32_t code;

    assert_int_equal(intern(interner, slice_of(name), &code), 0);
    return code;
}

static void test_codes_count_up(void **state)
{
    struct interner *interner = interner_new();

    (void)state;
    assert_int_equal(code_of(interner, "b"), 0);
    assert_int_equal(code_of(interner, "a"), 1);
    assert_int_equal(code_of(interner, "b"), 0);
    assert_int_equal(code_of(interner, ""), 2);
    assert_int_equal(code_of(interner, "bb"), 3);
    assert_int_equal(interner_count(interner), 4);
    assert_slice(interner_name(interner, 1), "a");
    assert_string_equal(interner_name(interner, 3).data, "bb");
    interner_free(interner);
    interner_free(NULL);
}

static void test_names_may_hold_any_byte(void **state)
{
    struct interner *interner = interner_new();
    uint32_t first, second;

    (void)state;
    assert_int_equal(intern(interner, (struct slice){"a\0b", 3}, &first), 0);
    assert_int_equal(intern(interner, (struct slice){"a\0c", 3}, &second), 0);
    assert_int_not_equal(first, second);
    assert_int_equal(interner_name(interner, second).size, 3);
    interner_free(interner);
}

static void test_many_names(void **state)
{
    struct interner *interner = interner_new();
    char name[32];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 100000; i++) {
            sprintf(name, "%08u-user", i * 7);
            assert_int_equal(code_of(interner, name), i);
        }
    for (uint32_t i = 0; i < 100000; i += 999) {
        sprintf(name, "%08u-user", i * 7);
        assert_slice(interner_name(interner, i), name);
    }
    interner_clear(interner);
    assert_int_equal(interner_count(interner), 0);
    assert_int_equal(code_of(interner, "x"), 0);
    interner_free(interner);
}

/* Another thread may be reading them. */
static void test_names_stay_where_they_are(void **state)
{
    struct interner *interner = interner_new();
    const char *places[1000];
    char name[RECORD_TEXT_SIZE_MAX + 1];

    (void)state;
    for (uint32_t i = 0; i < 50000; i++) {
        sprintf(name, "%0*u", (int)(i % RECORD_TEXT_SIZE_MAX) + 1, i);
        code_of(interner, name);
        if (i < 1000)
            places[i] = interner_name(interner, i).data;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_ptr_equal(interner_name(interner, i).data, places[i]);
    for (uint32_t i = 0; i < 50000; i++) {
        sprintf(name, "%0*u", (int)(i % RECORD_TEXT_SIZE_MAX) + 1, i);
        assert_string_equal(interner_name(interner, code_of(interner, name)).data, name);
    }
    assert_in_range(interner_memory(interner), 50000 * 100, 50000 * 500);
    interner_free(interner);
}

static void test_ranks_follow_the_names(void **state)
{
    static const char *const names[] = {"d", "a", "c", "ab", "\xc3\xa9", "Z", "b", ""};
    struct interner *interner = interner_new();
    const uint32_t *ranks;

    (void)state;
    code_of(interner, names[0]);
    code_of(interner, names[1]);
    ranks = interner_ranks(interner);
    assert_int_equal(ranks[0], 1);
    assert_int_equal(ranks[1], 0);
    for (size_t i = 2; i < sizeof(names) / sizeof(*names); i++) {
        code_of(interner, names[i]);
        ranks = interner_ranks(interner);
        for (uint32_t j = 0; j <= i; j++)
            for (uint32_t k = 0; k <= i; k++)
                assert_int_equal(ranks[j] < ranks[k], strcmp(names[j], names[k]) < 0);
    }
    assert_ptr_equal(interner_ranks(interner), ranks);
    interner_clear(interner);
    code_of(interner, "only");
    assert_int_equal(interner_ranks(interner)[0], 0);
    interner_free(interner);
}

static void test_full_interner(void **state)
{
    struct interner *interner = interner_new();
    uint32_t code = 77;
    char name[16];

    (void)state;
    for (uint32_t i = 0; i < INTERNER_NAMES_MAX; i++) {
        sprintf(name, "%u", i);
        if (intern(interner, slice_of(name), &code))
            fail_msg("full after %u names", i);
    }
    assert_int_equal(intern(interner, slice_of("one more"), &code), 1);
    assert_int_equal(intern(interner, slice_of("0"), &code), 0);
    assert_int_equal(code, 0);
    interner_free(interner);
}

static void test_events_are_coded(void **state)
{
    const struct record record = record_of(1645351200, "user", "antenna", "SKYPE", 9);
    struct dictionary dictionary = {0};
    struct coded_event event;
    uint32_t hashes[TEXTS];

    (void)state;
    dictionary_init(&dictionary, total_kinds_standard());
    dictionary_hash(&record, hashes);
    assert_int_equal(dictionary_encode(&dictionary, &record, hashes, &event), 0);
    assert_int_equal(event.timestamp, 1645351200);
    assert_int_equal(event.bytes, 9);
    assert_slice(dictionary_name(&dictionary, TEXT_ID, event.codes[TEXT_ID]), "user");
    assert_slice(dictionary_name(&dictionary, TEXT_ANTENNA_ID, event.codes[TEXT_ANTENNA_ID]), "antenna");
    assert_slice(dictionary_name(&dictionary, TEXT_APP, event.codes[TEXT_APP]), "SKYPE");
    assert_int_equal(event.codes[TEXT_CELL], DICTIONARY_ABSENT);
    assert_int_equal(dictionary_count(&dictionary), 3);
    dictionary_clear(&dictionary);
    assert_int_equal(dictionary_count(&dictionary), 0);
    assert_slice(dictionary_name(&dictionary, TEXT_CELL, DICTIONARY_ABSENT), "");
    dictionary_release(&dictionary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_count_up),
        cmocka_unit_test(test_names_may_hold_any_byte),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_names_stay_where_they_are),
        cmocka_unit_test(test_ranks_follow_the_names),
        cmocka_unit_test(test_full_interner),
        cmocka_unit_test(test_events_are_coded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
