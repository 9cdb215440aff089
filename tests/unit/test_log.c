/* Lines of the log as text, as JSON and for the journal, and trouble that repeats. */
#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Stands for stderr while a test logs. */
static char path[32];
static int real_stderr;

static int set_up(void **state)
{
    int file;

    (void)state;
    write_temporary(path, "", 0);
    real_stderr = dup(STDERR_FILENO);
    file = open(path, O_WRONLY | O_APPEND);
    assert_true(file >= 0);
    assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
    return close(file);
}

static int tear_down(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    unsetenv("JOURNAL_STREAM");
    log_identify(NULL, NULL);
    log_set_worker(0);
    return unlink(path);
}

static const char *logged(void)
{
    static char text[8192];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void test_a_broken_invariant_aborts_with_its_words(void **state)
{
    pid_t child;
    int status, count = 2;

    (void)state;
    invariant(count == 2);
    assert_string_equal(logged(), "");
    child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        invariant(count == 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(logged(), "count == 1 does not hold (tests/unit/test_log.c, line "));
}

static void test_text(void **state)
{
    (void)state;
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    log_line(LEVEL_WARNING, "waits for \"%s\"\nand \x1b[31m", "x");
    log_line(LEVEL_DEBUG, "is not said");
    assert_true(strstr(logged(), "Z warning speed: waits for \"x\" and ?[31m\n") == logged() + 19);
    assert_null(strstr(logged(), "is not said"));
}

static void test_json_names_what_it_is_about(void **state)
{
    json_t *line;

    (void)state;
    log_setup(LEVEL_DEBUG, LOG_JSON, "speed");
    log_identify("job \"1\"", "devices\\");
    log_set_worker(3);
    log_line_at(LEVEL_DEBUG, (struct log_place){7, INT64_MAX}, "a \"word\"\tand \xff");
    line = json_loads(logged(), 0, NULL);
    assert_non_null(line);
    assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), strlen("2022-02-20T10:00:00.123Z"));
    assert_string_equal(json_string_value(json_object_get(line, "level")), "debug");
    assert_string_equal(json_string_value(json_object_get(line, "command")), "speed");
    assert_string_equal(json_string_value(json_object_get(line, "job")), "job \"1\"");
    assert_string_equal(json_string_value(json_object_get(line, "topic")), "devices\\");
    assert_int_equal(json_integer_value(json_object_get(line, "worker")), 3);
    assert_int_equal(json_integer_value(json_object_get(line, "partition")), 7);
    assert_true(json_integer_value(json_object_get(line, "offset")) == INT64_MAX);
    assert_string_equal(json_string_value(json_object_get(line, "message")), "a \"word\"?and ?");
    json_decref(line);
}

static void test_an_error_has_its_code(void **state)
{
    struct error error;
    json_t *line;

    (void)state;
    error_set(&error, ANT_TOPIC_MISSING, "topic \"x\" does not exist");
    log_setup(LEVEL_INFO, LOG_JSON, "speed");
    log_error(LEVEL_WARNING, &error, "worker 1 waits: %s", error_show(&error).text);
    line = json_loads(logged(), 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "code")), "ANT-K012");
    assert_string_equal(json_string_value(json_object_get(line, "message")),
                        "worker 1 waits: topic \"x\" does not exist");
    json_decref(line);
    error_hint(&error, "create it");
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    log_failure(&error);
    assert_non_null(strstr(logged(), "Z error speed: ANT-K012: topic \"x\" does not exist\n"));
    assert_non_null(strstr(logged(), "Z error speed: hint: create it\n"));
}

static void test_json_leaves_out_what_is_not_known(void **state)
{
    json_t *line;

    (void)state;
    log_setup(LEVEL_INFO, LOG_JSON, "status");
    log_line(LEVEL_ERROR, "failed");
    line = json_loads(logged(), 0, NULL);
    assert_non_null(line);
    assert_int_equal(json_object_size(line), 4);
    json_decref(line);
}

static void test_a_long_line_is_cut_and_stays_json(void **state)
{
    char text[5000];
    json_t *line;

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 2] = '\0';
    log_setup(LEVEL_INFO, LOG_JSON, "status");
    log_line(LEVEL_ERROR, "%s", text);
    line = json_loads(logged(), 0, NULL);
    assert_non_null(line);
    json_decref(line);
}

static void pose_as_journal(ino_t difference)
{
    struct stat status;
    char stream[64];

    assert_int_equal(stat(path, &status), 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)(status.st_ino + difference));
    setenv("JOURNAL_STREAM", stream, 1);
}

static void test_the_journal_gets_priorities(void **state)
{
    (void)state;
    pose_as_journal(0);
    log_setup(LEVEL_DEBUG, LOG_TEXT, "speed");
    log_line(LEVEL_ERROR, "a");
    log_line(LEVEL_WARNING, "b");
    log_line(LEVEL_INFO, "c");
    log_line(LEVEL_DEBUG, "d");
    assert_string_equal(logged(), "<3>speed: a\n<4>speed: b\n<6>speed: c\n<7>speed: d\n");
}

static void test_the_journal_gets_json_too(void **state)
{
    (void)state;
    pose_as_journal(0);
    log_setup(LEVEL_INFO, LOG_JSON, "speed");
    log_line(LEVEL_INFO, "a");
    assert_int_equal(strncmp(logged(), "<6>{\"time\":", 11), 0);
}

static void test_another_stream_is_not_the_journal(void **state)
{
    (void)state;
    pose_as_journal(1);
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    log_line(LEVEL_INFO, "a");
    assert_non_null(strstr(logged(), "Z info speed: a\n"));
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    log_line(LEVEL_INFO, "b");
    assert_non_null(strstr(logged(), "Z info speed: b\n"));
}

static int count(const char *text, const char *words)
{
    int times = 0;

    for (const char *found = text; (found = strstr(found, words)); found += strlen(words))
        times++;
    return times;
}

/* Begins and ends so many times, one each millisecond. */
static void come_and_go(struct log_trouble *trouble, int64_t now_ms, int times)
{
    for (int i = 0; i < times; i++) {
        log_trouble_begin(trouble, now_ms + i, NULL, "it is %s", "gone");
        assert_true(trouble->now);
        log_trouble_end(trouble, "it is %s", "there");
        assert_false(trouble->now);
    }
}

static void test_trouble_that_repeats_is_counted(void **state)
{
    struct log_trouble trouble = {0};

    (void)state;
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    come_and_go(&trouble, 1000, LOG_TROUBLE_MAX + 100);
    assert_int_equal(count(logged(), " warning speed: it is gone\n"), LOG_TROUBLE_MAX);
    assert_int_equal(count(logged(), " info speed: it is there\n"), LOG_TROUBLE_MAX);
    come_and_go(&trouble, 1000 + LOG_TROUBLE_MS, 2);
    assert_int_equal(count(logged(), " it is gone (and 100 times before that were not said)\n"), 1);
    assert_int_equal(count(logged(), " it is gone\n"), LOG_TROUBLE_MAX + 1);
    assert_int_equal(count(logged(), " it is there\n"), LOG_TROUBLE_MAX + 2);
}

static void test_end_without_trouble_logs_nothing(void **state)
{
    struct log_trouble trouble = {0};

    (void)state;
    log_setup(LEVEL_INFO, LOG_TEXT, "speed");
    log_trouble_end(&trouble, "it is there");
    assert_string_equal(logged(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_broken_invariant_aborts_with_its_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_names_what_it_is_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_has_its_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_leaves_out_what_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_line_is_cut_and_stays_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_journal_gets_priorities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_journal_gets_json_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_stream_is_not_the_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trouble_that_repeats_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_without_trouble_logs_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
