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
    assert_slice(record.texts[TEXT_ID], id);
    assert_slice(record.texts[TEXT_ANTENNA_ID], antenna);
    assert_slice(record.texts[TEXT_APP], app);
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

struct accepted {
    const char *timestamp, *id, *antenna_id; /* as JSON */
    unsigned accept;                         /* what it takes, or 0: rejected by all */
    const char *user, *antenna;
};

#define ISO RECORD_ACCEPT_ISO_TIMESTAMPS
#define NUMBERS RECORD_ACCEPT_NUMERIC_IDS

/* All that are accepted are at the time of ARRIVAL. */
static const struct accepted accepted_shapes[] = {
    {"\"2022-02-20T10:00:00Z\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20t10:00:00z\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T11:00:00+01:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T11:00:00+01\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T10:00:00.999Z\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T10:00:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T10:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20 10:00:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20 11:00:00.5+01:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-21T04:00:00+18:00\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"\"2022-02-20T09:29:45-00:30:15\"", "\"u\"", "\"a\"", ISO, "u", "a"},
    {"1645351200", "7", "\"a\"", NUMBERS, "7", "a"},
    {"1645351200", "\"u\"", "0", NUMBERS, "u", "0"},
    {"1645351200", "-9223372036854775808", "9223372036854775807", NUMBERS, "-9223372036854775808",
     "9223372036854775807"},
    {"\"2022-02-20T10:00:00Z\"", "1", "2", ISO | NUMBERS, "1", "2"},
    {"\"1645351200\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-30T10:00:00Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"0000-02-20T10:00:00Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T24:00:00Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T10:00:60Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T10:00:00.Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-21T04:00:01+18:00:01\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T11:00:00+01:\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T11:00:00+0100\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T10:00:00Z\\n\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"\\u0662022-02-20T10:00:00Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20  10:00:00Z\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"2022-02-20T10:00:00Z \"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"\"\"", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"1645351200.5", "\"u\"", "\"a\"", 0, NULL, NULL},
    {"1645351200", "1.5", "\"a\"", 0, NULL, NULL},
    {"1645351200", "true", "\"a\"", 0, NULL, NULL},
    {"1645351200", "\"u\"", "null", 0, NULL, NULL},
};

static void check_shape(const struct accepted *shape, unsigned accept)
{
    bool wanted = shape->accept && (accept & shape->accept) == shape->accept;
    struct decoder loose;
    struct record record;
    struct reject reject;
    char json[256];

    snprintf(json, sizeof(json), "{\"timestamp\":%s,\"id\":%s,\"antenna_id\":%s,\"bytes\":7,\"app\":\"X\"}",
             shape->timestamp, shape->id, shape->antenna_id);
    decoder_init(&loose, (struct record_limits){3600, INT64_MAX, accept});
    if ((parse_json_data(&loose, json, strlen(json), ARRIVAL, &record, &reject) == 0) != wanted)
        fail_msg("%s, accept %u: %s", json, accept, wanted ? reject.detail : "accepted");
    if (wanted) {
        assert_int_equal(record.timestamp, ARRIVAL);
        assert_slice(record.texts[TEXT_ID], shape->user);
        assert_slice(record.texts[TEXT_ANTENNA_ID], shape->antenna);
    } else {
        assert_int_equal(reject.reason, REJECT_WRONG_TYPE);
        assert_true((strstr(reject.detail, "--accept") != NULL) == (shape->accept != 0));
    }
    decoder_release(&loose);
}

/* Each shape is accepted exactly by decoders that accept all that it takes; else the reject names an option that helps.
 */
static void test_shapes_that_are_accepted_by_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted_shapes) / sizeof(*accepted_shapes); i++)
        for (unsigned accept = 0; accept <= (ISO | NUMBERS); accept++)
            check_shape(&accepted_shapes[i], accept);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_shapes),
        cmocka_unit_test(test_unusual_shapes),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_wrong_fields),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_text_sizes),
        cmocka_unit_test(test_shapes_that_are_accepted_by_option),
        cmocka_unit_test(test_large_message),
        cmocka_unit_test(test_more_bytes_than_are_allowed),
        cmocka_unit_test(test_tombstone_and_unknown_arrival),
        cmocka_unit_test(test_detail_is_printable),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
