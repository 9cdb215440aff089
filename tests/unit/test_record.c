/* The decoder: what is accepted, and why everything else is rejected. */
#include "record/record.h"

#include "unit.h"

#define ARRIVAL 1645351200 /* 2022-02-20T10:00:00Z */

static struct decoder decoder;

static int set_up(void **state)
{
    (void)state;
    decoder_init(&decoder, (struct record_limits){.max_future = 3600, .max_bytes = INT64_MAX});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    decoder_release(&decoder);
    return 0;
}

static int decode(const char *json, struct record *ret_record, struct reject *ret_reject)
{
    return parse_json_data(&decoder, json, strlen(json), ARRIVAL, ret_record, ret_reject);
}

static void accepts(const char *json, int64_t timestamp, const char *id, const char *antenna, int64_t bytes,
                    const char *app)
{
    struct record record;
    struct reject reject;

    if (decode(json, &record, &reject))
        fail_msg("rejected %s: %s", json, reject.detail);
    assert_int_equal(record.timestamp, timestamp);
    assert_int_equal(record.bytes, bytes);
    assert_slice(record.id, id);
    assert_slice(record.antenna_id, antenna);
    assert_slice(record.app, app);
}

static void rejects(const char *json, enum reject_reason reason)
{
    struct record record;
    struct reject reject;

    if (!decode(json, &record, &reject))
        fail_msg("accepted %s", json);
    if (reject.reason != reason)
        fail_msg("%s: %s (%s) instead of %s", json, reject_reason_code(reject.reason), reject.detail,
                 reject_reason_code(reason));
    assert_true(strlen(reject.detail) > 0);
}

static void test_plain_shapes(void **state)
{
    (void)state;
    accepts("{\"timestamp\": 1645351200, \"id\": \"u\", \"antenna_id\": \"a\", \"bytes\": 7, \"app\": \"SKYPE\"}",
            1645351200, "u", "a", 7, "SKYPE");
    accepts("{\"app\":\"X\",\"bytes\":0,\"antenna_id\":\"a\",\"id\":\"u\",\"timestamp\":1645351201}", 1645351201, "u",
            "a", 0, "X");
    accepts(" \n\t{ \"bytes\" : 12 , \"timestamp\" : 946684800 , \"id\" : \"u\" , \"app\":\"X\",\"antenna_id\":\"a\"} ",
            946684800, "u", "a", 12, "X");
}

static void test_unusual_shapes(void **state)
{
    (void)state;
    /* the public simulator's misspelling */
    accepts("{\"timestmap\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", 1645351200, "u",
            "a", 7, "X");
    /* fields that nobody knows */
    accepts("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\",\"v\":{\"x\":[1]}}",
            1645351200, "u", "a", 7, "X");
    /* escapes and other alphabets */
    accepts("{\"timestamp\":1645351200,\"id\":\"\\u00fc\\\"\",\"antenna_id\":\"\xce\xb1\",\"bytes\":7,\"app\":\"\\n\"}",
            1645351200, "\xc3\xbc\"", "\xce\xb1", 7, "\n");
    accepts("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":9223372036854775807,\"app\":\"X\"}",
            1645351200, "u", "a", INT64_MAX, "X");
}

static void test_not_json(void **state)
{
    (void)state;
    rejects("", REJECT_EMPTY);
    rejects(" ", REJECT_NOT_JSON);
    rejects("not json", REJECT_NOT_JSON);
    rejects("{\"timestamp\":1645351200", REJECT_NOT_JSON);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"} x",
            REJECT_NOT_JSON);
    rejects("{\"timestamp\":01645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", REJECT_NOT_JSON);
    rejects("{'timestamp':1}", REJECT_NOT_JSON);
    rejects("[]", REJECT_NOT_AN_OBJECT);
    rejects("7", REJECT_NOT_AN_OBJECT);
    rejects("null", REJECT_NOT_AN_OBJECT);
    rejects("{\"timestamp\":1645351200,\"id\":\"\xff\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_INVALID_UTF8);
}

static void test_wrong_fields(void **state)
{
    (void)state;
    rejects("{}", REJECT_MISSING_FIELD);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7}", REJECT_MISSING_FIELD);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"id\":\"v\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_DUPLICATE_FIELD);
    rejects("{\"timestamp\":1,\"timestmap\":1,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_DUPLICATE_FIELD);
    rejects("{\"timestamp\":\"1645351200\",\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_WRONG_TYPE);
    rejects("{\"timestamp\":1645351200.0,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_WRONG_TYPE);
    rejects("{\"timestamp\":1645351200,\"id\":7,\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", REJECT_WRONG_TYPE);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":null,\"bytes\":7,\"app\":\"X\"}", REJECT_WRONG_TYPE);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7e0,\"app\":\"X\"}",
            REJECT_WRONG_TYPE);
    rejects("{\"timestamp\":1645351200,\"id\":\"\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_OUT_OF_RANGE);
}

static void test_ranges(void **state)
{
    (void)state;
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":-1,\"app\":\"X\"}",
            REJECT_OUT_OF_RANGE);
    rejects("{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":9223372036854775808,\"app\":\"X\"}",
            REJECT_OUT_OF_RANGE);
    rejects("{\"timestamp\":946684799,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_TIME_TOO_OLD);
    rejects("{\"timestamp\":1645351200000,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_TIME_IN_MILLISECONDS);
    rejects("{\"timestamp\":4102444800,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_TIME_IN_FUTURE);
    /* an hour ahead of its arrival, and a second more */
    accepts("{\"timestamp\":1645354800,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", 1645354800, "u",
            "a", 7, "X");
    rejects("{\"timestamp\":1645354801,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}",
            REJECT_TIME_IN_FUTURE);
}

static void test_text_sizes(void **state)
{
    char json[1024], name[RECORD_TEXT_SIZE_MAX + 2];

    (void)state;
    memset(name, 'n', sizeof(name));
    name[RECORD_TEXT_SIZE_MAX] = '\0';
    snprintf(json, sizeof(json),
             "{\"timestamp\":1645351200,\"id\":\"%s\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", name);
    accepts(json, 1645351200, name, "a", 7, "X");
    name[RECORD_TEXT_SIZE_MAX] = 'n';
    name[RECORD_TEXT_SIZE_MAX + 1] = '\0';
    snprintf(json, sizeof(json),
             "{\"timestamp\":1645351200,\"id\":\"%s\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}", name);
    rejects(json, REJECT_OUT_OF_RANGE);
}

static void test_more_bytes_than_are_allowed(void **state)
{
    static const char json[] = "{\"timestamp\":1645351200,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":8,\"app\":\"X\"}";
    struct record record;
    struct reject reject;
    struct decoder strict;

    (void)state;
    decoder_init(&strict, (struct record_limits){.max_future = 3600, .max_bytes = 7});
    assert_int_equal(parse_json_data(&strict, json, sizeof(json) - 1, ARRIVAL, &record, &reject), 1);
    assert_int_equal(reject.reason, REJECT_OUT_OF_RANGE);
    decoder_release(&strict);
}

static void test_large_message(void **state)
{
    char *json = malloc(RECORD_SIZE_MAX + 1);
    struct record record;
    struct reject reject;

    (void)state;
    memset(json, ' ', RECORD_SIZE_MAX + 1);
    assert_int_equal(parse_json_data(&decoder, json, RECORD_SIZE_MAX + 1, ARRIVAL, &record, &reject), 1);
    assert_int_equal(reject.reason, REJECT_TOO_LARGE);
    free(json);
}

static void test_tombstone_and_unknown_arrival(void **state)
{
    static const char json[] = "{\"timestamp\":4070908800,\"id\":\"u\",\"antenna_id\":\"a\",\"bytes\":7,\"app\":\"X\"}";
    struct record record;
    struct reject reject;

    (void)state;
    assert_int_equal(parse_json_data(&decoder, NULL, 0, ARRIVAL, &record, &reject), 1);
    assert_int_equal(reject.reason, REJECT_EMPTY);
    assert_int_equal(parse_json_data(&decoder, json, strlen(json), -1, &record, &reject), 0);
}

static void test_detail_is_printable(void **state)
{
    struct record record;
    struct reject reject;

    (void)state;
    assert_int_equal(decode("\x1b[31m\xc3\xa9", &record, &reject), 1);
    for (const char *byte = reject.detail; *byte; byte++)
        assert_true(*byte >= ' ' && *byte <= '~');
}

static void test_windows(void **state)
{
    (void)state;
    assert_int_equal(record_window(1645351200), 1645351200);
    assert_int_equal(record_window(1645351499), 1645351200);
    assert_int_equal(record_window(1645351500), 1645351500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_shapes),
        cmocka_unit_test(test_unusual_shapes),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_wrong_fields),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_text_sizes),
        cmocka_unit_test(test_large_message),
        cmocka_unit_test(test_more_bytes_than_are_allowed),
        cmocka_unit_test(test_tombstone_and_unknown_arrival),
        cmocka_unit_test(test_detail_is_printable),
        cmocka_unit_test(test_windows),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
