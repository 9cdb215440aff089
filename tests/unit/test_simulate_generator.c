#include "simulate_options.h"

#include "simulate/generator.h"

#define EVENT_TIME 1645351200
#define FIRST_SECOND_OF_2099 4070908800
#define FIRST_SECOND_OF_2100 4102444800

struct fixture {
    struct config *config;
    struct population population;
    struct generator generator;
};

static void begin(struct fixture *fixture, const char *options)
{
    struct error error;

    *fixture = (struct fixture){.config = simulate_options(options)};
    assert_int_equal(population_init(&fixture->population, fixture->config, &error), 0);
    assert_int_equal(generator_init(&fixture->generator, fixture->config, &fixture->population, &error), 0);
}

static void end(struct fixture *fixture)
{
    generator_release(&fixture->generator);
    population_release(&fixture->population);
    config_free(fixture->config);
}

/* The first outputs of SplitMix64 for the seed 1234567, as other implementations of it give them. */
static void random_numbers_are_splitmix64(void **state)
{
    struct random random = {1234567};

    (void)state;
    assert_true(random_next(&random) == 6457827717110365317u);
    assert_true(random_next(&random) == 3203168211198807973u);
    assert_true(random_next(&random) == 9817491932198370423u);
}

/* Ledgers and results that somebody keeps rely on it. */
static void seed_1_makes_these_messages(void **state)
{
    static const char *const expected[] = {
        "{\"timestamp\": 1645351200, \"id\": \"00000000-0000-0000-0000-000000000002\", "
        "\"antenna_id\": \"11111111-1111-1111-1111-111111111111\", \"bytes\": 15379, \"app\": \"SKYPE\"}",
        "{\"timestamp\": 1645351201, \"id\": \"00000000-0000-0000-0000-000000000008\", "
        "\"antenna_id\": \"11111111-1111-1111-1111-111111111111\", \"bytes\": 6267, \"app\": \"FACETIME\"}",
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture, "--seed 1");
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
        assert_string_equal(generator_next(&fixture.generator, EVENT_TIME + (int64_t)i)->text.data, expected[i]);
    end(&fixture);
}

static void same_seed_same_bytes(void **state)
{
    static const char options[] = "--seed 7 --late 0.2 --malformed 0.2 --future 0.2 --duplicate 0.2 --users 1000";
    struct fixture left, right;

    (void)state;
    begin(&left, options);
    begin(&right, options);
    for (int64_t i = 0; i < 10000; i++) {
        const struct simulated_message *one = generator_next(&left.generator, EVENT_TIME + i);
        const struct simulated_message *other = generator_next(&right.generator, EVENT_TIME + i);

        assert_int_equal(one->kind, other->kind);
        assert_int_equal(one->text.data == NULL, other->text.data == NULL);
        assert_int_equal(one->text.size, other->text.size);
        if (one->text.data)
            assert_memory_equal(one->text.data, other->text.data, one->text.size);
    }
    end(&left);
    end(&right);
}

static void kinds_come_by_their_shares(void **state)
{
    int64_t counts[MESSAGE_KINDS] = {0};
    int64_t repeated = 0;
    struct fixture fixture;

    (void)state;
    begin(&fixture, "--late 0.1 --malformed 0.2 --future 0.05 --duplicate 0.25");
    for (int i = 0; i < 100000; i++) {
        const struct simulated_message *message = generator_next(&fixture.generator, EVENT_TIME);

        repeated += message->repeated;
        if (message->repeated)
            continue;
        counts[message->kind]++;
        if (message->kind == MESSAGE_ON_TIME)
            assert_int_equal(message->event.timestamp, EVENT_TIME);
        if (message->kind == MESSAGE_LATE)
            assert_in_range(message->event.timestamp, EVENT_TIME - LATE_SECONDS_MAX, EVENT_TIME - 1);
        if (message->kind == MESSAGE_FUTURE)
            assert_in_range(message->event.timestamp, FIRST_SECOND_OF_2099, FIRST_SECOND_OF_2100 - 1);
    }
    assert_in_range(repeated, 24000, 26000);
    assert_in_range(counts[MESSAGE_LATE], 9000, 11000);
    assert_in_range(counts[MESSAGE_MALFORMED], 19000, 21000);
    assert_in_range(counts[MESSAGE_FUTURE], 4500, 5500);
    end(&fixture);
}

static void a_repeated_message_is_the_one_before(void **state)
{
    cleanup(buffer_release) struct buffer previous = {0};
    struct fixture fixture;

    (void)state;
    begin(&fixture, "--duplicate 1");
    for (int i = 0; i < 10; i++) {
        const struct simulated_message *message = generator_next(&fixture.generator, EVENT_TIME + i);

        assert_int_equal(message->repeated, i > 0);
        assert_int_equal(message->kind, MESSAGE_ON_TIME);
        if (i > 0)
            assert_string_equal(message->text.data, previous.data);
        buffer_clear(&previous);
        buffer_append(&previous, message->text.data, message->text.size);
    }
    end(&fixture);
}

static void a_share_of_one_is_all(void **state)
{
    static const char *const options[] = {"--late 1", "--malformed 1", "--future 1"};
    static const enum message_kind kinds[] = {MESSAGE_LATE, MESSAGE_MALFORMED, MESSAGE_FUTURE};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct fixture fixture;

        begin(&fixture, options[i]);
        for (int j = 0; j < 1000; j++)
            assert_int_equal(generator_next(&fixture.generator, EVENT_TIME)->kind, kinds[i]);
        end(&fixture);
    }
}

static void traffic_is_skewed(void **state)
{
    int64_t users[20] = {0}, antennas[5] = {0};
    int64_t bytes = 0;
    struct fixture fixture;

    (void)state;
    begin(&fixture, "");
    for (int i = 0; i < 100000; i++) {
        const struct coded_event *event = &generator_next(&fixture.generator, EVENT_TIME)->event;

        assert_in_range(event->bytes, 64, 262143);
        users[event->codes[TEXT_ID]]++;
        antennas[event->codes[TEXT_ANTENNA_ID]]++;
        bytes += event->bytes;
    }
    assert_in_range(users[0] + users[1], 49000, 51000);
    assert_in_range(users[18] + users[19], 100, 300);
    assert_in_range(antennas[0], 43700, 45700);
    assert_true(antennas[4] > 9000 && antennas[4] < antennas[1]);
    assert_in_range(bytes / 100000, 550, 700);
    end(&fixture);
}

static void everybody_takes_part(void **state)
{
    for (uint32_t count = 1; count <= 12; count++) {
        bool seen[12] = {false};
        struct fixture fixture;
        char options[64];

        (void)state;
        snprintf(options, sizeof(options), "--users %u --antennas %u --apps A", count, count);
        begin(&fixture, options);
        for (int i = 0; i < 100000; i++)
            seen[generator_next(&fixture.generator, EVENT_TIME)->event.codes[TEXT_ID]] = true;
        for (uint32_t user = 0; user < count; user++)
            assert_true(seen[user]);
        end(&fixture);
    }
}

static void shares_beyond_one_are_refused(void **state)
{
    cleanup(config_cleanup) struct config *config = simulate_options("--late 0.5 --malformed 0.6");
    struct population population = {0};
    struct generator generator;
    struct error error;

    (void)state;
    assert_int_equal(generator_init(&generator, config, &population, &error), -1);
    assert_int_equal(error.code, ANT_VALUE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_are_splitmix64),
        cmocka_unit_test(seed_1_makes_these_messages),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(kinds_come_by_their_shares),
        cmocka_unit_test(a_repeated_message_is_the_one_before),
        cmocka_unit_test(a_share_of_one_is_all),
        cmocka_unit_test(traffic_is_skewed),
        cmocka_unit_test(everybody_takes_part),
        cmocka_unit_test(shares_beyond_one_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
