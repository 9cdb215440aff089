/* Names and places of the archive's files. */
#include "archive/layout.h"

#include "unit.h"

#define TOKEN "0123456789abcdef"

static void lies_at(int64_t hour, unsigned sequence, const char *expected)
{
    char name[LAYOUT_NAME_SIZE], path[LAYOUT_PATH_SIZE];

    layout_name(name, hour, TOKEN, sequence);
    assert_int_equal(layout_path(path, name), 0);
    assert_string_equal(path, expected);
    assert_int_equal(layout_is_none(path), sequence == LAYOUT_SEQUENCE_NONE);
}

static void test_folders_are_not_padded(void **state)
{
    (void)state;
    lies_at(1645347600, 0, "year=2022/month=2/day=20/hour=9/20220220T09-" TOKEN "-0.parquet");
    lies_at(1640995200, 12, "year=2022/month=1/day=1/hour=0/20220101T00-" TOKEN "-12.parquet");
    lies_at(1672527600, 4294967295u, "year=2022/month=12/day=31/hour=23/20221231T23-" TOKEN "-4294967295.parquet");
    lies_at(946684800, 1, "year=2000/month=1/day=1/hour=0/20000101T00-" TOKEN "-1.parquet");
    lies_at(4102441200, 10, "year=2099/month=12/day=31/hour=23/20991231T23-" TOKEN "-10.parquet");
    lies_at(4102441200, 1, "year=2099/month=12/day=31/hour=23/20991231T23-" TOKEN "-1.parquet");
}

static void test_other_names_have_no_place(void **state)
{
    static const char *const names[] = {
        "",
        "lock",
        "probe",
        "x.parquet",
        "20220220T09-" TOKEN "-0",
        "20220220T09-" TOKEN "-0.parquet.tmp",
        "20220220T09-" TOKEN ".parquet",
        "20220220T09-0123456789ABCDEF-0.parquet",
        "20220220-" TOKEN "-0.parquet",
        "../20220220T09-" TOKEN "-0.parquet",
    };
    char path[LAYOUT_PATH_SIZE] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (layout_path(path, names[i]) == 0)
            fail_msg("%s lies at %s", names[i], path);
    assert_string_equal(path, "untouched");
}

static void test_names_of_swaps(void **state)
{
    static const char *const others[] = {"swap-",
                                         "swap-probe",
                                         "swap-20220220T9",
                                         "swap-20220220T24",
                                         "swap-20220230T09",
                                         "swap-20220220T09x",
                                         "20220220T09",
                                         "swap-20220220T09.",
                                         "swap-20220220T09.0",
                                         "swap-20220220T09.01",
                                         "swap-20220220T09.1x"};
    static const char *const names[] = {"swap-20220220T09", "swap-20220220T09.1", "swap-20220220T09.2"};
    char name[LAYOUT_NAME_SIZE], path[LAYOUT_PATH_SIZE];
    int64_t hour = 1;
    unsigned taken;

    (void)state;
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        layout_swap_name(name, 1645347600, i);
        assert_string_equal(name, names[i]);
        assert_int_equal(layout_swap_parse(name, &hour, &taken), 0);
        assert_int_equal(hour, 1645347600);
        assert_int_equal(taken, i);
    }
    layout_hour_path(path, hour);
    assert_string_equal(path, "year=2022/month=2/day=20/hour=9");
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (layout_swap_parse(others[i], &hour, &taken) == 0)
            fail_msg("%s is taken for hour %lld", others[i], (long long)hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders_are_not_padded),
        cmocka_unit_test(test_other_names_have_no_place),
        cmocka_unit_test(test_names_of_swaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
