/* Whether a message that is no event names somebody. */
#include "record/mention.h"

#include "unit.h"

/* Texts and whether each names the user; `cut` when its end is lost. */
static const struct {
    const char *text, *name;
    bool cut, named;
} cases[] = {
    {"{\"id\": \"ann\"}", "ann", false, true},
    {"ann", "ann", false, true},
    {"{\"id\": \"Ann\"}", "ann", false, false},
    {"{\"id\": \"joann\"}", "ann", false, false},
    {"{\"id\": \"anna\"}", "ann", false, false},
    {"joann ann", "ann", false, true},
    {"{\"id\": 7, \"bytes\": 17}", "7", false, true},
    {"{\"id\": 17, \"bytes\": 70}", "7", false, false},
    {"{\"id\": \"a-7\"}", "7", false, true},
    {"{\"id\": \"x 7\"}", " 7", false, true},
    {"{\"id\": \"\\u0061nn\"}", "ann", false, true},
    {"{\"id\": \"\\u006A\\u006f\"}", "jo", false, true},
    {"{\"id\": \"a\\/b\"}", "a/b", false, true},
    {"{\"id\": \"say \\\"hi\\\"\"}", "say \"hi\"", false, true},
    {"{\"id\": \"back\\\\slash\"}", "back\\slash", false, true},
    {"{\"id\": \"line\\nend\\t\"}", "line\nend\t", false, true},
    {"{\"id\": \"\\u00e9t\\u00C9\"}", "\xc3\xa9t\xc3\x89", false, true},
    {"{\"id\": \"\\u65e5\"}", "\xe6\x97\xa5", false, true},
    {"{\"id\": \"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80", false, true},
    {"{\"id\": \"\xf0\x9f\x98\x80\"}", "\xf0\x9f\x98\x80", false, true},
    {"{\"id\": \"\\ud83d\\u0061\"}", "a", false, false},
    {"\\", "a", false, false},
    {"\\u", "u", false, true},
    {"\\u00", "u00", false, true},
    {"\\ud83d\\", "a", false, false},
    {"{\"id\": \"00000000-0000", "00000000-0000-0001", true, true},
    {"{\"id\": \"00000000-0000", "00000000-0000-0001", false, false},
    {"{\"id\": \"00000000-00\\u0030", "00000000-0000-0001", true, true},
    {"{\"id\": \"0000000x", "00000000-0000-0001", true, false},
    {"", "ann", true, false},
};

static void test_names_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (mention_find(slice_of(cases[i].text), cases[i].cut, cases[i].name) != cases[i].named)
            fail_msg("case %zu: %s in %s", i, cases[i].name, cases[i].text);
}

static void test_empty_text_names_no_user(void **state)
{
    (void)state;
    assert_false(mention_find((struct slice){NULL, 0}, true, "ann"));
    assert_true(mention_find((struct slice){"\\\0ann", 5}, false, "ann"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found),
        cmocka_unit_test(test_empty_text_names_no_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
