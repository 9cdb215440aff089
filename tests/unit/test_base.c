/* Errors, buffers, slices and printable texts. */
#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

#include "unit.h"

static void test_error_is_filled_and_returned(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(error_set(&error, ANT_TOPIC_MISSING, "could not open \"%s\": %d", "x", 7), -1);
    assert_string_equal(error.message, "could not open \"x\": 7");
    assert_string_equal(error.hint, "");
    assert_int_equal(error_hint(&error, "do %s", "this"), -1);
    assert_int_equal(error_context(&error, "partition %d", 3), -1);
    assert_string_equal(error.message, "partition 3: could not open \"x\": 7");
    assert_string_equal(error.hint, "do this");
    error_set(&error, ANT_KAFKA_UNAVAILABLE, "other");
    assert_string_equal(error.hint, "");
}

static void test_long_messages_are_cut_at_their_end(void **state)
{
    struct error error;
    char text[2 * sizeof(error.message)];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&error, ANT_DEFECT, "%s", text);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    error_context(&error, "partition 3");
    assert_int_equal(strncmp(error.message, "partition 3: xxx", 16), 0);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
}

static void test_the_most_severe_code_is_kept(void **state)
{
    static const enum error_code codes[] = {ANT_KAFKA_UNAVAILABLE, ANT_TOPIC_MISSING, ANT_SCHEMA_VERSION, ANT_DISK_FULL,
                                            ANT_DEFECT};
    static const enum error_code kept[] = {ANT_KAFKA_UNAVAILABLE, ANT_TOPIC_MISSING, ANT_TOPIC_MISSING,
                                           ANT_TOPIC_MISSING, ANT_DEFECT};
    enum error_code worst = ERROR_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        struct error error = {.code = codes[i]};

        error_keep_worst(&worst, &error);
        assert_int_equal(worst, kept[i]);
    }
}

static void test_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(error_exit_code(ERROR_FAILED), 1);
    assert_int_equal(error_exit_code(ERROR_FENCED), 1);
    assert_int_equal(error_exit_code(ERROR_USAGE), 2);
    assert_int_equal(error_exit_code(ERROR_CONFIGURATION), 3);
    assert_int_equal(error_exit_code(ERROR_UNAVAILABLE), 5);
}

static void test_buffer_grows_and_ends_with_nul(void **state)
{
    cleanup(buffer_release) struct buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        buffer_printf(&buffer, "%d,", i);
    assert_int_equal(buffer.size, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(strlen(buffer.data), buffer.size);
    assert_string_equal(buffer.data + buffer.size - 4, "999,");
    buffer_clear(&buffer);
    buffer_text(&buffer, "again");
    assert_string_equal(buffer.data, "again");
}

static void test_buffer_takes_nothing(void **state)
{
    cleanup(buffer_release) struct buffer buffer = {0};

    (void)state;
    buffer_append(&buffer, NULL, 0); /* a tombstone's payload */
    assert_int_equal(buffer.size, 0);
    assert_string_equal(buffer.data, "");
}

static void test_buffer_escapes_json(void **state)
{
    cleanup(buffer_release) struct buffer buffer = {0};

    (void)state;
    buffer_json_string(&buffer, slice_of("a\"b\\c\n\x01\xc3\xa9"));
    assert_string_equal(buffer.data, "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\"");
}

static void test_slices_are_ordered_by_bytes(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_of("ab"), slice_of("ab")));
    assert_false(slice_equal(slice_of("ab"), slice_of("abc")));
    assert_true(slice_compare(slice_of("ab"), slice_of("abc")) < 0);
    assert_true(slice_compare(slice_of("b"), slice_of("abc")) > 0);
    assert_true(slice_compare(slice_of("Z"), slice_of("a")) < 0);
    assert_true(slice_compare(slice_of("z"), slice_of("\xc3\xa9")) < 0);
    assert_int_equal(slice_compare(slice_of("same"), slice_of("same")), 0);
}

static void shows(const char *text, const char *expected)
{
    assert_string_equal(text_show(text).text, expected);
}

static void test_texts_are_printable(void **state)
{
    char long_text[2 * TEXT_SHOWN_SIZE];

    (void)state;
    shows("plain, Grüße, 東京, 🛰", "plain, Grüße, 東京, 🛰");
    shows("\x1b[2J\x07 a\nb\tc\x7f", "?[2J? a?b?c?");
    shows("C1 \xc2\x9b"
          "31m",
          "C1 ??31m");
    shows("\xe2\x80\xae reversed \xe2\x81\xa6 \xe2\x80\xa8", "??? reversed ??? ???");
    shows("cut \xe6\x9d", "cut ??");
    shows("stray \x80\xff, overlong \xc0\x8a \xe0\x80\x8a, surrogate \xed\xa0\x80, beyond \xf4\x90\x80\x80",
          "stray ??, overlong ?? ???, surrogate ???, beyond ????");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(strlen(text_show(long_text).text), TEXT_SHOWN_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_is_filled_and_returned), cmocka_unit_test(test_long_messages_are_cut_at_their_end),
        cmocka_unit_test(test_the_most_severe_code_is_kept), cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_texts_are_printable),          cmocka_unit_test(test_buffer_grows_and_ends_with_nul),
        cmocka_unit_test(test_buffer_takes_nothing),         cmocka_unit_test(test_buffer_escapes_json),
        cmocka_unit_test(test_slices_are_ordered_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
