/* One command's configuration: arguments, environment, file, defaults, their precedence, and secrets. */
#include "config/config.h"

#include <unistd.h>

#include "config/show.h"
#include "unit.h"

#define ARGUMENTS_MAX 24

/* The arguments of a test, copied so that they can be overwritten. */
static struct {
    char texts[ARGUMENTS_MAX][256];
    char *list[ARGUMENTS_MAX + 1];
    int count;
} given;

static struct config *config;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    clearenv();
    error = (struct error){0};
    config = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_cleanup(&config);
    return 0;
}

static void give(const char *const *arguments)
{
    for (given.count = 0; arguments[given.count]; given.count++) {
        strcpy(given.texts[given.count], arguments[given.count]);
        given.list[given.count] = given.texts[given.count];
    }
}

#define load(command, ...) (give((const char *const[]){__VA_ARGS__, NULL}), load_given(command))

static int load_given(enum command_id command)
{
    config_cleanup(&config);
    return config_load(command, given.count, given.list, &config, &error);
}

static void loaded(int status)
{
    if (status)
        fail_msg("%s", error.message);
}

static void refused(int status, enum error_code code, const char *words)
{
    if (status == 0)
        fail_msg("accepted, but should say: %s", words);
    assert_null(config);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, words) && !strstr(error.hint, words))
        fail_msg("\"%s\" (%s) does not say: %s", error.message, error.hint, words);
}

static void test_positional_arguments_of_speed(void **state)
{
    (void)state;
    loaded(load(COMMAND_SPEED, "kafka:9092", "devices", "jdbc:postgresql://db/x", "bytes", "me", "secret", "/root"));
    assert_string_equal(config_text(config, OPTION_KAFKA_SERVER), "kafka:9092");
    assert_string_equal(config_text(config, OPTION_TOPIC), "devices");
    assert_string_equal(config_text(config, OPTION_JDBC_URI), "jdbc:postgresql://db/x");
    assert_string_equal(config_text(config, OPTION_JDBC_TABLE), "bytes");
    assert_string_equal(config_text(config, OPTION_JDBC_USER), "me");
    assert_string_equal(config_text(config, OPTION_JDBC_PASSWORD), "secret");
    assert_string_equal(config_text(config, OPTION_STORAGE_ROOT), "/root");
    assert_int_equal(config_command(config), COMMAND_SPEED);
    assert_int_equal(config_source(config, OPTION_TOPIC), SOURCE_ARGUMENT);
    assert_int_equal(config_source(config, OPTION_JOB), SOURCE_DEFAULT);
    assert_int_equal(config_source(config, OPTION_DURATION), SOURCE_NONE);
}

static void test_options_among_arguments(void **state)
{
    (void)state;
    loaded(load(COMMAND_SPEED, "--until-end", "kafka", "--roll-rows", "7", "devices", "uri=", "bytes", "--workers=3",
                "me", "-", "/root", "-Xa=b", "-X", "c=d,e"));
    assert_true(config_flag(config, OPTION_UNTIL_END));
    assert_int_equal(config_number(config, OPTION_ROLL_ROWS), 7);
    assert_int_equal(config_number(config, OPTION_WORKERS), 3);
    assert_string_equal(config_text(config, OPTION_JDBC_PASSWORD), "-");
    assert_int_equal(config_list_size(config, OPTION_KAFKA_PROPERTY), 2);
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 0), "a=b");
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 1), "c=d,e");
}

static void test_options_instead_of_arguments(void **state)
{
    (void)state;
    loaded(load(COMMAND_PROVISION, "--jdbc-user", "me", "--jdbc-uri", "jdbc:postgresql:x"));
    assert_string_equal(config_text(config, OPTION_JDBC_USER), "me");
    /* the password is the one argument that may be missing */
    assert_string_equal(config_text(config, OPTION_JDBC_PASSWORD), "-");
}

static void test_two_dashes_end_the_options(void **state)
{
    (void)state;
    loaded(load(COMMAND_PROVISION, "--adopt", "--", "jdbc:postgresql:x", "--user"));
    assert_string_equal(config_text(config, OPTION_JDBC_USER), "--user");
}

static void test_flags_can_be_unset(void **state)
{
    (void)state;
    setenv("ANTENNA_ADOPT", "true", 1);
    loaded(load(COMMAND_PROVISION, "uri=", "me", "--adopt=false"));
    assert_false(config_flag(config, OPTION_ADOPT));
    loaded(load(COMMAND_PROVISION, "uri=", "me"));
    assert_true(config_flag(config, OPTION_ADOPT));
}

static void test_last_of_several_values_wins(void **state)
{
    (void)state;
    loaded(load(COMMAND_SIMULATE, "k", "t", "--seed", "1", "--seed", "2"));
    assert_int_equal(config_number(config, OPTION_SEED), 2);
    loaded(load(COMMAND_SIMULATE, "k", "t", "--topic", "u"));
    assert_string_equal(config_text(config, OPTION_TOPIC), "u");
}

static void test_precedence(void **state)
{
    static const char file[] = "topic = file\nseed = 10\nusers = 5\n[simulate]\nantennas = 6\n[speed]\njob = other\n";
    char path[32];

    (void)state;
    write_temporary(path, file, strlen(file));
    setenv("ANTENNA_CONFIG", path, 1);
    setenv("ANTENNA_SEED", "20", 1);
    setenv("ANTENNA_USERS", "21", 1);
    loaded(load(COMMAND_SIMULATE, "kafka", "--users", "30"));
    assert_int_equal(config_source(config, OPTION_USERS), SOURCE_ARGUMENT);
    assert_string_equal(config_text(config, OPTION_USERS), "30");
    assert_int_equal(config_source(config, OPTION_SEED), SOURCE_ENVIRONMENT);
    assert_int_equal(config_number(config, OPTION_SEED), 20);
    assert_int_equal(config_source(config, OPTION_TOPIC), SOURCE_FILE);
    assert_string_equal(config_text(config, OPTION_TOPIC), "file");
    assert_int_equal(config_number(config, OPTION_ANTENNAS), 6);
    assert_int_equal(config_source(config, OPTION_PARTITIONS), SOURCE_DEFAULT);
    unlink(path);
}

static void test_lists(void **state)
{
    (void)state;
    loaded(load(COMMAND_SIMULATE, "k", "t"));
    assert_int_equal(config_list_size(config, OPTION_APPS), 5);
    assert_string_equal(config_list_entry(config, OPTION_APPS, 0), "SKYPE");
    assert_string_equal(config_list_entry(config, OPTION_APPS, 4), "WHATSAPP");
    setenv("ANTENNA_APPS", "A,B", 1);
    setenv("ANTENNA_KAFKA_PROPERTY", "a=b,c=d", 1);
    loaded(load(COMMAND_SIMULATE, "k", "t"));
    assert_int_equal(config_list_size(config, OPTION_APPS), 2);
    assert_int_equal(config_list_size(config, OPTION_KAFKA_PROPERTY), 2);
    loaded(load(COMMAND_SIMULATE, "k", "t", "--apps", "X,Y,Z", "--apps", "W"));
    assert_int_equal(config_list_size(config, OPTION_APPS), 4);
    assert_string_equal(config_list_entry(config, OPTION_APPS, 3), "W");
    refused(load(COMMAND_SIMULATE, "k", "t", "--apps", "X,,Z"), ANT_VALUE_INVALID, "an entry is empty");
}

static void test_the_line_end_of_a_variable_is_dropped(void **state)
{
    static const struct {
        const char *variable, *topic;
    } cases[] = {{"t\n", "t"}, {"t\r\n", "t"}, {"t\n\n", "t\n"}, {"t\r", "t\r"}, {" t ", " t "}, {"\n", "devices"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setenv("ANTENNA_TOPIC", cases[i].variable, 1);
        loaded(load(COMMAND_SIMULATE, "k"));
        assert_string_equal(config_text(config, OPTION_TOPIC), cases[i].topic);
    }
}

static void use_file(char *path, const char *text)
{
    write_temporary(path, text, strlen(text));
    setenv("ANTENNA_CONFIG", path, 1);
}

static void test_properties_are_merged_by_name(void **state)
{
    char path[32];

    (void)state;
    use_file(path, "kafka-property = a=file\nkafka-property = b=file,with=comma\nkafka-property = c=first\n"
                   "kafka-property = c=second ; and a semicolon\n");
    setenv("ANTENNA_KAFKA_PROPERTY", "b=environment,d=environment", 1);
    loaded(load(COMMAND_SIMULATE, "k", "t", "-X", "d=argument", "-X", "e=1", "-X", "e=2"));
    assert_int_equal(config_list_size(config, OPTION_KAFKA_PROPERTY), 5);
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 0), "d=argument");
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 1), "e=2");
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 2), "b=environment");
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 3), "a=file");
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 4), "c=second ; and a semicolon");
    unlink(path);
}

static void test_values_of_a_file_have_commas(void **state)
{
    char path[32];

    (void)state;
    use_file(path, "kafka-property = a=1,b=2\n");
    loaded(load(COMMAND_SIMULATE, "k", "t"));
    assert_int_equal(config_list_size(config, OPTION_KAFKA_PROPERTY), 1);
    unlink(path);
}

static void test_choices(void **state)
{
    (void)state;
    loaded(load(COMMAND_SIMULATE, "k", "t"));
    assert_int_equal(config_number(config, OPTION_LOG_LEVEL), 2);
    loaded(load(COMMAND_SIMULATE, "k", "t", "--log-level", "error"));
    assert_int_equal(config_number(config, OPTION_LOG_LEVEL), 0);
    refused(load(COMMAND_SIMULATE, "k", "t", "--log-level", "erro"), ANT_VALUE_INVALID,
            "error, warning, info or debug");
    refused(load(COMMAND_SIMULATE, "k", "t", "--log-level", "error|warning"), ANT_VALUE_INVALID, "log-level");
}

/* What the configuration of a command is shown as; free it. */
static char *show(void)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    config_show(file, config);
    fclose(file);
    return text;
}

static void shows(const char *words)
{
    char *text = show();

    if (!strstr(text, words))
        fail_msg("\"%s\" is not in:\n%s", words, text);
    free(text);
}

static void test_shows_each_value_with_its_source(void **state)
{
    char path[32], words[128];

    (void)state;
    use_file(path, "topic = file\n\n[speed]\nroll-rows = 5\nkafka-property = a=1\n");
    setenv("ANTENNA_WORKERS", "2", 1);
    give((const char *const[]){"-X", "b=2", "--jdbc-user", "me", NULL});
    loaded(config_read(COMMAND_SPEED, given.count, given.list, &config, &error));
    shows("[speed]\n");
    snprintf(words, sizeof(words), "# %s:1\ntopic = file\n", path);
    shows(words);
    snprintf(words, sizeof(words), "# %s:4\nroll-rows = 5\n", path);
    shows(words);
    snprintf(words, sizeof(words), "# argument\nkafka-property = b=2\n# %s:5\nkafka-property = a=1\n", path);
    shows(words);
    shows("# environment variable ANTENNA_WORKERS\nworkers = 2\n");
    shows("# argument\njdbc-user = me\n");
    shows("# default\nroll-age = 1m\n");
    shows("# default\njdbc-password = -\n");
    shows("# kafka-server is missing: Kafka");
    unlink(path);
}

static void test_shows_no_secrets(void **state)
{
    static const char *const uris[] = {"jdbc:postgresql://db/x?password=geheim", "postgresql://me:geheim@db/x",
                                       "host=db PASSWORD = geheim", "postgresql://db/x?%70assword=geheim"};
    char *text;

    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
        loaded(load(COMMAND_SPEED, "k", "t", uris[i], "bytes", "me", "geheim", "/root", "-Xsasl.password=geheim",
                    "-Xssl.key.pem=geheim", "-Xsasl.oauthbearer.client.secret=geheim", "-Xsasl.username=me"));
        text = show();
        assert_null(strstr(text, "geheim"));
        assert_non_null(strstr(text, "# argument\n# jdbc-uri = (hidden)\n"));
        assert_non_null(strstr(text, "# argument\n# jdbc-password = (hidden)\n"));
        assert_non_null(strstr(text, "# kafka-property = sasl.password=(hidden)\n"));
        assert_non_null(strstr(text, "\nkafka-property = sasl.username=me\n"));
        free(text);
    }
    loaded(load(COMMAND_PROVISION, "jdbc:postgresql://db/x?sslmode=require", "me"));
    shows("\njdbc-uri = jdbc:postgresql://db/x?sslmode=require\n");
}

static void test_shown_configuration_can_be_read_again(void **state)
{
    char path[32], *text, *again;

    (void)state;
    loaded(load(COMMAND_SIMULATE, "k:9092", "a topic ; with # marks", "--apps", "X,Y", "--seed", "7", "-Xa=b,c=d"));
    text = show();
    use_file(path, text);
    loaded(load(COMMAND_SIMULATE, NULL));
    again = show();
    assert_string_equal(config_text(config, OPTION_TOPIC), "a topic ; with # marks");
    assert_int_equal(config_list_size(config, OPTION_APPS), 2);
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 0), "a=b,c=d");
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_in_file(&option_table[i]) && config_has(config, (enum option_id)i))
            assert_int_equal(config_source(config, (enum option_id)i), SOURCE_FILE);
    free(text);
    free(again);
    unlink(path);
}

static void test_values_that_a_file_cannot_hold_are_comments(void **state)
{
    (void)state;
    loaded(load(COMMAND_SIMULATE, "k", "two\nlines"));
    shows("# topic = two?lines (cannot be in a file)\n");
    loaded(load(COMMAND_SIMULATE, "k", " blanks "));
    shows("# topic =  blanks  (cannot be in a file)\n");
}

static void test_usage_errors(void **state)
{
    (void)state;
    refused(load(COMMAND_SIMULATE, "k", "t", "too-many"), ANT_ARGUMENTS_TOO_MANY, "too many arguments");
    refused(load(COMMAND_SIMULATE, "--topic", "t"), ANT_ARGUMENT_MISSING, "missing argument kafka-server");
    refused(load(COMMAND_SPEED, "k", "t", "u=", "b", "me"), ANT_ARGUMENT_MISSING, "missing argument storage-root");
    refused(load(COMMAND_SIMULATE, "k", "t", "--seeed", "1"), ANT_OPTION_UNKNOWN, "did you mean \"seed\"");
    refused(load(COMMAND_SIMULATE, "k", "t", "--nonsense-here"), ANT_OPTION_UNKNOWN, "see antenna simulate --help");
    refused(load(COMMAND_SIMULATE, "k", "t", "-q"), ANT_OPTION_UNKNOWN, "unknown option \"-q\"");
    refused(load(COMMAND_SIMULATE, "k", "t", "--seed"), ANT_ARGUMENT_MISSING, "wants a value: N");
    refused(load(COMMAND_SIMULATE, "k", "t", "--seed", "many"), ANT_VALUE_INVALID,
            "seed: \"many\" is not a whole number");
    refused(load(COMMAND_SIMULATE, "k", "t", "--seed="), ANT_VALUE_INVALID, "seed");
    /* an option of another command */
    refused(load(COMMAND_BATCH, "--topic", "t"), ANT_OPTION_UNKNOWN, "unknown option \"topic\"");
}

static void test_environment_errors_are_configuration_errors(void **state)
{
    (void)state;
    setenv("ANTENNA_SEED", "many", 1);
    refused(load(COMMAND_SIMULATE, "k", "t"), ANT_SETTING_INVALID, "environment variable ANTENNA_SEED");
    /* nobody looks at it when the option is given */
    loaded(load(COMMAND_SIMULATE, "k", "t", "--seed", "1"));
}

static void test_unknown_environment_variables_are_refused(void **state)
{
    (void)state;
    setenv("ANTENNA_SEDE", "1", 1);
    refused(load(COMMAND_SIMULATE, "k", "t"), ANT_SETTING_UNKNOWN, "unknown environment variable ANTENNA_SEDE");
    assert_non_null(strstr(error.hint, "did you mean ANTENNA_SEED?"));
    unsetenv("ANTENNA_SEDE");
    setenv("ANTENNA_HELP", "true", 1);
    refused(load(COMMAND_SIMULATE, "k", "t"), ANT_SETTING_UNKNOWN, "unset it");
    unsetenv("ANTENNA_HELP");
    /* another command's, or another program's */
    setenv("ANTENNA_ROLL_ROWS", "1", 1);
    setenv("ANTENNAS", "1", 1);
    loaded(load(COMMAND_SIMULATE, "k", "t"));
}

static void file_is_refused(const char *text, enum error_code code, const char *words)
{
    char path[32];

    write_temporary(path, text, strlen(text));
    setenv("ANTENNA_CONFIG", path, 1);
    refused(load(COMMAND_SIMULATE, "k", "t"), code, words);
    unlink(path);
}

static void test_file_errors_are_configuration_errors(void **state)
{
    (void)state;
    file_is_refused("seed = many\n", ANT_SETTING_INVALID, "line 1: invalid value for seed");
    file_is_refused("# comment\n\nsede = 1\n", ANT_SETTING_UNKNOWN, "line 3: unknown option \"sede\"");
    file_is_refused("nonsense\n", ANT_SETTING_INVALID, "line 1: not a \"name = value\" line");
    file_is_refused("[simulat]\nseed = 1\n", ANT_SETTING_UNKNOWN, "did you mean [simulate]?");
    file_is_refused("[stream]\nseed = 1\n", ANT_SETTING_UNKNOWN, "unknown section \"stream\"");
    file_is_refused("[simulate]\njob = x\n", ANT_SETTING_UNKNOWN, "unknown option \"job\"");
    file_is_refused("[speed]\nledger = x\n", ANT_SETTING_UNKNOWN, "line 2: unknown option \"ledger\"");
    file_is_refused("config = other.ini\n", ANT_SETTING_UNKNOWN, "unknown option \"config\"");
    file_is_refused("help = true\n", ANT_SETTING_UNKNOWN, "unknown option \"help\"");
    /* the first of several */
    file_is_refused("sede = 1\nseed = 1\nnonsense\n", ANT_SETTING_UNKNOWN, "line 1: unknown option \"sede\"");
    setenv("ANTENNA_CONFIG", "/nowhere/antenna.ini", 1);
    refused(load(COMMAND_SIMULATE, "k", "t"), ANT_SETTINGS_UNREADABLE, "could not read the configuration file");
}

static void test_long_lines_of_a_file(void **state)
{
    char path[32], text[9000];
    size_t size = 8000;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "users = ", 8);
    strcpy(text + size, "\nseed = 3\n");
    use_file(path, text);
    loaded(load(COMMAND_SIMULATE, "k", "t"));
    assert_int_equal(strlen(config_text(config, OPTION_USERS)), size - 8);
    assert_int_equal(config_number(config, OPTION_SEED), 3);
    unlink(path);
    memset(text + size, 'x', 500);
    strcpy(text + size + 500, "\nseed = 3\n");
    file_is_refused(text, ANT_SETTING_INVALID, "line 1: the line has more than 8190 bytes");
}

static void test_indented_lines_of_a_file(void **state)
{
    char path[32];

    (void)state;
    use_file(path, "[simulate]\n  seed = 1\n  topic = t\n");
    loaded(load(COMMAND_SIMULATE, "k"));
    assert_int_equal(config_number(config, OPTION_SEED), 1);
    assert_string_equal(config_text(config, OPTION_TOPIC), "t");
    unlink(path);
}

static void test_one_file_serves_all_commands(void **state)
{
    static const char file[] = "topic = t\njdbc-user = me\n[speed]\nroll-rows = 5\n[batch]\nhour = whatever\n";
    char path[32];

    (void)state;
    write_temporary(path, file, strlen(file));
    setenv("ANTENNA_CONFIG", path, 1);
    loaded(load(COMMAND_SIMULATE, "k"));
    assert_string_equal(config_text(config, OPTION_TOPIC), "t");
    unlink(path);
}

static void test_secrets_are_overwritten(void **state)
{
    static const char hidden[] = "xxxxxxxx";

    (void)state;
    loaded(load(COMMAND_PROVISION, "jdbc:postgresql://db/x?password=pw", "me", "geheimes"));
    assert_string_equal(config_text(config, OPTION_JDBC_PASSWORD), "geheimes");
    assert_string_equal(given.list[2], hidden);
    assert_null(strstr(given.list[0], "pw"));
    loaded(load(COMMAND_PROVISION, "u=", "me", "--jdbc-password=geheimes"));
    assert_string_equal(config_text(config, OPTION_JDBC_PASSWORD), "geheimes");
    assert_string_equal(given.list[2], "--jdbc-password=xxxxxxxx");
    loaded(load(COMMAND_PROVISION, "u=", "me", "--jdbc-password", "geheimes"));
    assert_string_equal(given.list[3], hidden);
    loaded(load(COMMAND_SIMULATE, "k", "t", "-Xsasl.password=pw"));
    assert_string_equal(config_list_entry(config, OPTION_KAFKA_PROPERTY, 0), "sasl.password=pw");
    assert_null(strstr(given.list[2], "pw"));
}

static void test_secrets_are_not_repeated(void **state)
{
    (void)state;
    refused(load(COMMAND_PROVISION, "jdbc:postgresql://db/x?password=pw", "me", "geheim", "more"),
            ANT_ARGUMENTS_TOO_MANY, "many");
    assert_null(strstr(error.message, "geheim"));
    assert_null(strstr(error.message, "pw"));
}

static void test_help_wants_nothing_else(void **state)
{
    (void)state;
    setenv("ANTENNA_SEED", "many", 1);
    loaded(load(COMMAND_SIMULATE, "--help"));
    assert_true(config_flag(config, OPTION_HELP));
    loaded(load(COMMAND_SPEED, "-h"));
    assert_true(config_flag(config, OPTION_HELP));
    loaded(load(COMMAND_BATCH, "--version"));
    assert_true(config_flag(config, OPTION_VERSION));
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_positional_arguments_of_speed),
        test(test_options_among_arguments),
        test(test_options_instead_of_arguments),
        test(test_two_dashes_end_the_options),
        test(test_flags_can_be_unset),
        test(test_last_of_several_values_wins),
        test(test_precedence),
        test(test_lists),
        test(test_the_line_end_of_a_variable_is_dropped),
        test(test_properties_are_merged_by_name),
        test(test_values_of_a_file_have_commas),
        test(test_choices),
        test(test_shows_each_value_with_its_source),
        test(test_shows_no_secrets),
        test(test_shown_configuration_can_be_read_again),
        test(test_values_that_a_file_cannot_hold_are_comments),
        test(test_usage_errors),
        test(test_environment_errors_are_configuration_errors),
        test(test_unknown_environment_variables_are_refused),
        test(test_file_errors_are_configuration_errors),
        test(test_long_lines_of_a_file),
        test(test_indented_lines_of_a_file),
        test(test_one_file_serves_all_commands),
        test(test_secrets_are_overwritten),
        test(test_secrets_are_not_repeated),
        test(test_help_wants_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
