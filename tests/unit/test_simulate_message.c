#include "simulate_options.h"

#include "record/record.h"
#include "simulate/message.h"

/* Ten minutes before this the event happens. */
#define ARRIVAL 1645351800

static const struct coded_event event = {
    .timestamp = 1645351200,
    .codes = {[TEXT_ANTENNA_ID] = 0, [TEXT_APP] = 0, [TEXT_ID] = 0},
    .bytes = 512,
};

static struct config *config;
static struct population population;

static int load(void **state)
{
    struct error error;

    (void)state;
    config = simulate_options("");
    return population_init(&population, config, &error);
}

static int release(void **state)
{
    (void)state;
    population_release(&population);
    config_free(config);
    return 0;
}

static int decode(const struct buffer *text, struct record *ret_record, struct reject *ret_reject)
{
    struct decoder decoder;
    int status;

    decoder_init(&decoder, (struct record_limits){.max_future = 3600, .max_bytes = INT64_MAX});
    status = parse_json_data(&decoder, text->data, text->size, ARRIVAL, ret_record, ret_reject);
    decoder_release(&decoder);
    return status;
}

static void the_shape_is_the_references(void **state)
{
    cleanup(buffer_release) struct buffer text = {0};
    struct record record;
    struct reject reject;

    (void)state;
    buffer_text(&text, "left over");
    message_write(&population, &event, &text);
    assert_string_equal(text.data, "{\"timestamp\": 1645351200, \"id\": \"00000000-0000-0000-0000-000000000001\", "
                                   "\"antenna_id\": \"11111111-1111-1111-1111-111111111111\", \"bytes\": 512, "
                                   "\"app\": \"SKYPE\"}");
    assert_int_equal(decode(&text, &record, &reject), 0);
    assert_int_equal(record.timestamp, event.timestamp);
    assert_int_equal(record.bytes, event.bytes);
}

static void every_broken_message_is_rejected(void **state)
{
    bool reasons[REJECT_REASONS] = {false};
    uint32_t tombstones = 0;

    (void)state;
    for (uint32_t kind = 0; kind < MALFORMED_KINDS; kind++) {
        cleanup(buffer_release) struct buffer text = {0};
        struct record record;
        struct reject reject;

        if (!message_write_malformed(&population, &event, kind, &text)) {
            assert_int_equal(text.size, 0);
            tombstones++;
        }
        if (decode(&text, &record, &reject) != 1)
            fail_msg("accepted: %s", text.data);
        reasons[reject.reason] = true;
    }
    assert_int_equal(tombstones, 1);
    for (enum reject_reason reason = 0; reason < REJECT_REASONS; reason++)
        if (!reasons[reason] && reason != REJECT_TOO_LARGE && reason != REJECT_TIME_IN_FUTURE &&
            reason != REJECT_SUM_OUT_OF_RANGE)
            fail_msg("no broken message gives %s", reject_reason_code(reason));
}

static void broken_messages_differ(void **state)
{
    struct buffer texts[MALFORMED_KINDS] = {0};

    (void)state;
    /* The last kind is the tombstone. */
    for (uint32_t kind = 0; kind < MALFORMED_KINDS - 1; kind++) {
        assert_true(message_write_malformed(&population, &event, kind, &texts[kind]));
        for (uint32_t other = 0; other < kind; other++)
            assert_false(slice_equal((struct slice){texts[kind].data, texts[kind].size},
                                     (struct slice){texts[other].data, texts[other].size}));
    }
    for (uint32_t kind = 0; kind < MALFORMED_KINDS; kind++)
        buffer_release(&texts[kind]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_is_the_references),
        cmocka_unit_test(every_broken_message_is_rejected),
        cmocka_unit_test(broken_messages_differ),
    };

    return cmocka_run_group_tests(tests, load, release);
}
