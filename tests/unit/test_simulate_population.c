#include "simulate_options.h"

#include <unistd.h>

#include "simulate/population.h"

static void load(struct population *population, const char *options, struct config **ret_config)
{
    struct error error;

    *ret_config = simulate_options(options);
    *population = (struct population){0};
    if (population_init(population, *ret_config, &error))
        fail_msg("%s", error.message);
}

static void assert_name(const struct population *population, enum text text, uint32_t code, const char *name)
{
    cleanup(buffer_release) struct buffer found = {0};

    population_name(population, text, code, &found);
    assert_string_equal(found.data, name);
    assert_int_equal(found.size, strlen(name));
}

static void names_follow_from_numbers(void **state)
{
    cleanup(config_cleanup) struct config *config = NULL;
    struct population population;

    (void)state;
    load(&population, "--users 100000000 --antennas 100000000", &config);
    assert_name(&population, TEXT_ID, 0, "00000000-0000-0000-0000-000000000001");
    assert_name(&population, TEXT_ID, 19, "00000000-0000-0000-0000-000000000020");
    assert_name(&population, TEXT_ID, 99999999, "00000000-0000-0000-0000-000100000000");
    assert_name(&population, TEXT_ANTENNA_ID, 0, "11111111-1111-1111-1111-111111111111");
    assert_name(&population, TEXT_ANTENNA_ID, 8, "99999999-9999-9999-9999-999999999999");
    assert_name(&population, TEXT_ANTENNA_ID, 9, "11111111-1111-1111-1111-000000000010");
    assert_name(&population, TEXT_ANTENNA_ID, 99999999, "11111111-1111-1111-1111-000100000000");
    assert_name(&population, TEXT_APP, 1, "FACETIME");
    assert_int_equal(population.counts[TEXT_APP], 5);
    population_release(&population);
}

static void the_default_is_the_reference(void **state)
{
    cleanup(config_cleanup) struct config *config = NULL;
    struct population population;

    (void)state;
    load(&population, "", &config);
    assert_int_equal(population.counts[TEXT_ID], 20);
    assert_int_equal(population.counts[TEXT_ANTENNA_ID], 5);
    assert_null(population_user(&population, 0));
    population_release(&population);
}

static void order_is_that_of_bytes(void **state)
{
    static const uint32_t codes[] = {0, 1, 8, 9, 10, 98, 99, 4321};
    cleanup(config_cleanup) struct config *config = NULL;
    struct population population;

    (void)state;
    load(&population, "--users 10000 --antennas 10000 --apps b,a,B", &config);
    for (enum text text = 0; text < TEXTS; text++)
        for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
            for (size_t j = 0; j < sizeof(codes) / sizeof(*codes); j++) {
                cleanup(buffer_release) struct buffer left = {0};
                cleanup(buffer_release) struct buffer right = {0};
                int expected, order;

                if (codes[i] >= population.counts[text] || codes[j] >= population.counts[text])
                    continue;
                population_name(&population, text, codes[i], &left);
                population_name(&population, text, codes[j], &right);
                expected = strcmp(left.data, right.data);
                order = population_compare(&population, text, codes[i], codes[j]);
                assert_int_equal((order > 0) - (order < 0), (expected > 0) - (expected < 0));
            }
    population_release(&population);
}

static void users_come_from_a_file(void **state)
{
    cleanup(config_cleanup) struct config *config = NULL;
    struct population population;
    char path[] = "/tmp/test_simulate_population.XXXXXX";
    char options[64];
    cleanup(buffer_release) struct buffer json = {0};
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    fputs("id,name,email,quota\nb,Bea,bea@example.org,5000\n\"a\"\"1\",Abe,abe@example.org,7\n", file);
    fclose(file);
    snprintf(options, sizeof(options), "--users %s", path);
    load(&population, options, &config);
    unlink(path);
    assert_int_equal(population.counts[TEXT_ID], 2);
    assert_name(&population, TEXT_ID, 1, "a\"1");
    population_json(&population, TEXT_ID, 0, &json);
    population_json(&population, TEXT_ID, 1, &json);
    assert_string_equal(json.data, "\"b\"\"a\\\"1\"");
    assert_true(population_compare(&population, TEXT_ID, 0, 1) > 0);
    assert_int_equal(population_user(&population, 0)->quota, 5000);
    population_release(&population);
}

static void refuse(const char *options, enum error_code code)
{
    cleanup(config_cleanup) struct config *config = simulate_options(options);
    struct population population = {0};
    struct error error;

    assert_int_equal(population_init(&population, config, &error), -1);
    assert_int_equal(error.code, code);
    population_release(&population);
}

static void unusable_names_are_refused(void **state)
{
    char apps[300] = "--apps ";

    (void)state;
    refuse("--users 0", ANT_VALUE_INVALID);
    refuse("--users 100000001", ANT_VALUE_INVALID);
    refuse("--users 99999999999999999999999", ANT_VALUE_INVALID);
    refuse("--users /no/such/file.csv", ANT_CSV_UNREADABLE);
    refuse("--apps a,b,a", ANT_VALUE_INVALID);
    refuse("--apps a,\xff", ANT_VALUE_INVALID);
    memset(apps + strlen(apps), 'a', 257);
    refuse(apps, ANT_VALUE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_from_numbers),  cmocka_unit_test(the_default_is_the_reference),
        cmocka_unit_test(order_is_that_of_bytes),     cmocka_unit_test(users_come_from_a_file),
        cmocka_unit_test(unusable_names_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
