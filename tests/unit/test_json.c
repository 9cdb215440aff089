/* base/json: a value that jansson could not make ends the process, and output that is lost is an error. */
#include "base/json.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void make_of_bad_text(void)
{
    json_require(json_pack("{s:s}", "id", "\xff"));
}

static void append_nothing(void)
{
    json_append(json_array(), json_string("\xff"));
}

static void set_nothing(void)
{
    json_set(json_object(), "id", json_string("\xff"));
}

static void append_to_no_array(void)
{
    json_append(json_object(), json_integer(1));
}

static void set_bad_name(void)
{
    json_set(json_object(), "\xff", json_integer(1));
}

static void print_nothing(void)
{
    struct error error;

    if (json_print(json_pack("{s:s}", "id", "\xff"), 0, &error))
        _exit(0);
}

static void (*const failures[])(void) = {make_of_bad_text,   append_nothing, set_nothing,
                                         append_to_no_array, set_bad_name,   print_nothing};

static void test_a_failure_ends_the_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            failures[i]();
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    }
}

static void test_a_full_disk_is_an_error(void **state)
{
    int saved = dup(STDOUT_FILENO);
    struct error error;
    int status;

    (void)state;
    fflush(stdout);
    assert_non_null(freopen("/dev/full", "w", stdout));
    setvbuf(stdout, NULL, _IONBF, 0);
    status = json_print(json_pack("{s:i}", "a", 1), 0, &error);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    clearerr(stdout);
    assert_int_equal(status, -1);
    assert_int_equal(error.code, ANT_OUTPUT_FAILED);
    assert_error_says(error, "standard output");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_ends_the_process),
        cmocka_unit_test(test_a_full_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
