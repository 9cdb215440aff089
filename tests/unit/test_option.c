/* The option table: complete, consistent, and helpful about misspellings. */
#include "config/option.h"

#include "config/help.h"
#include "config/value.h"
#include "unit.h"

static void test_every_option_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        assert_non_null(option->name);
        assert_non_null(option->help);
        assert_true(option->commands != 0);
        assert_true((option->type == TYPE_FLAG) == (option->value == NULL));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(option->name, option_table[j].name);
    }
}

static void test_defaults_are_valid(void **state)
{
    union value value;
    struct error error;

    (void)state;
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_table[i].default_value &&
            value_parse(&option_table[i], option_table[i].default_value, &value, &error))
            fail_msg("%s", error.message);
}

static void test_commands_take_their_arguments(void **state)
{
    (void)state;
    for (int i = 0; i < COMMAND_IDS; i++) {
        const struct command *command = &command_table[i];

        assert_non_null(command->summary);
        for (size_t j = 0; j < command->positional_count; j++) {
            assert_true(option_taken(&option_table[command->positionals[j].option], (enum command_id)i));
            assert_true(j == 0 || command->positionals[j - 1].required || !command->positionals[j].required);
        }
        assert_true(option_taken(&option_table[OPTION_HELP], (enum command_id)i));
    }
}

static void is_nearest(enum command_id command, const char *name, const char *expected)
{
    const struct option *nearest = option_nearest(command, name, strlen(name));

    if (!expected)
        assert_null(nearest);
    else if (!nearest)
        fail_msg("nothing is near to %s", name);
    else
        assert_string_equal(nearest->name, expected);
}

static void test_misspellings(void **state)
{
    (void)state;
    is_nearest(COMMAND_SPEED, "roll-row", "roll-rows");
    is_nearest(COMMAND_SPEED, "tpoic", "topic");
    is_nearest(COMMAND_SPEED, "until_end", "until-end");
    is_nearest(COMMAND_SIMULATE, "sed", "seed");
    is_nearest(COMMAND_PROVISION, "user", "users");
    is_nearest(COMMAND_SPEED, "checkpoint-location", NULL);
    /* not one that another command takes */
    is_nearest(COMMAND_SPEED, "ledger", NULL);
    /* too short to tell */
    is_nearest(COMMAND_SPEED, "-z", NULL);
    is_nearest(COMMAND_SIMULATE, "-z", NULL);
    is_nearest(COMMAND_SPEED, "", NULL);
}

static void test_misspelt_commands(void **state)
{
    enum command_id command = COMMAND_IDS;

    (void)state;
    assert_false(command_nearest("checkpoint", &command));
    assert_false(command_nearest("", &command));
    assert_int_equal(command, COMMAND_IDS);
    assert_true(command_nearest("sped", &command));
    assert_int_equal(command, COMMAND_SPEED);
    assert_true(command_nearest("simulator", &command));
    assert_int_equal(command, COMMAND_SIMULATE);
}

static void test_found_by_name_and_command(void **state)
{
    (void)state;
    assert_ptr_equal(option_find(COMMAND_SPEED, "topic=x", 5), &option_table[OPTION_TOPIC]);
    assert_null(option_find(COMMAND_SPEED, "topi", 4));
    assert_null(option_find(COMMAND_BATCH, "topic", 5));
}

static void test_environment_names(void **state)
{
    char name[64];

    (void)state;
    option_environment_name(&option_table[OPTION_ROLL_ROWS], name, sizeof(name));
    assert_string_equal(name, "ANTENNA_ROLL_ROWS");
    for (size_t i = 0; i < OPTION_IDS; i++) {
        option_environment_name(&option_table[i], name, sizeof(name));
        assert_int_equal(strlen(name), strlen("ANTENNA_") + strlen(option_table[i].name));
    }
}

static void test_help_names_every_option(void **state)
{
    char *text = NULL;
    size_t size;

    (void)state;
    for (int i = 0; i < COMMAND_IDS; i++) {
        FILE *file = open_memstream(&text, &size);

        help_command(file, (enum command_id)i);
        fclose(file);
        for (size_t j = 0; j < OPTION_IDS; j++)
            if (option_taken(&option_table[j], (enum command_id)i) && !strstr(text, option_table[j].name))
                fail_msg("help of %s lacks %s", command_table[i].name, option_table[j].name);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_described),
        cmocka_unit_test(test_defaults_are_valid),
        cmocka_unit_test(test_commands_take_their_arguments),
        cmocka_unit_test(test_misspellings),
        cmocka_unit_test(test_misspelt_commands),
        cmocka_unit_test(test_found_by_name_and_command),
        cmocka_unit_test(test_environment_names),
        cmocka_unit_test(test_help_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
