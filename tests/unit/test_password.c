/* Files that hold a password: what of their first line is the password, and which are refused. */
#include "config/password.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define BYTES(text) (text), sizeof(text) - 1

static struct error error;

static void test_first_line(void **state)
{
    static const struct {
        const char *file;
        size_t size;
        const char *password; /* NULL: refused */
        const char *words;
    } cases[] = {
        {BYTES("geheim"), "geheim", NULL},
        {BYTES("geheim\n"), "geheim", NULL},
        {BYTES("geheim\r\n"), "geheim", NULL},
        {BYTES("geheim\r"), "geheim", NULL},
        {BYTES("geheim\nmore\n"), "geheim", NULL},
        {BYTES("geheim\nmo\0re"), "geheim", NULL},
        {BYTES("\xef\xbb\xbfgeheim\r\n"), "geheim", NULL},
        {BYTES(" geheim \n"), " geheim ", NULL},
        {BYTES("\tgeheim\t"), "\tgeheim\t", NULL},
        {BYTES("ge\rheim\n"), "ge\rheim", NULL},
        {BYTES("-geheim\n"), "-geheim", NULL},
        {BYTES("#geheim\n"), "#geheim", NULL},
        {BYTES("gehe\xc3\xafm\n"), "gehe\xc3\xafm", NULL},
        {BYTES("gehe\xe2\x80\xa8im\n"), "gehe\xe2\x80\xa8im", NULL},
        {BYTES(""), NULL, "its first line is empty"},
        {BYTES("\n"), NULL, "its first line is empty"},
        {BYTES("\r\n"), NULL, "its first line is empty"},
        {BYTES("\xef\xbb\xbf"), NULL, "its first line is empty"},
        {BYTES("\xef\xbb\xbf\r\n"), NULL, "its first line is empty"},
        {BYTES("\ngeheim\n"), NULL, "its first line is empty"},
        {BYTES("ge\0heim\n"), NULL, "it has a NUL byte"},
        {BYTES("\0"), NULL, "it has a NUL byte"},
        {BYTES("\xff\xfeg\0e\0h\0"), NULL, "UTF-16"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cleanup(password_free) char *password = NULL;
        char path[32];
        int status;

        write_temporary(path, cases[i].file, cases[i].size);
        status = password_read(path, &password, &error);
        unlink(path);
        if (cases[i].password) {
            assert_int_equal(status, 0);
            assert_string_equal(password, cases[i].password);
        } else {
            assert_int_equal(status, -1);
            assert_int_equal(error.code, ANT_PASSWORD_FILE);
            assert_error_says(error, cases[i].words);
        }
    }
}

static void test_length(void **state)
{
    static const size_t sizes[] = {1, 1022, 1023, 1024, 1500, 4096, 8192, PASSWORD_SIZE_MAX, PASSWORD_SIZE_MAX + 1};
    static char text[PASSWORD_SIZE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
        cleanup(password_free) char *password = NULL;
        size_t size = sizes[i / 2];
        char path[32];

        memset(text, 'x', size);
        text[size] = '\n';
        write_temporary(path, text, size + i % 2); /* with the line's end and without */
        if (size <= PASSWORD_SIZE_MAX) {
            assert_int_equal(password_read(path, &password, &error), 0);
            assert_int_equal(strlen(password), size);
        } else {
            assert_int_equal(password_read(path, &password, &error), -1);
            assert_error_says(error, "more than 65535 bytes");
        }
        unlink(path);
    }
}

static void test_no_file(void **state)
{
    cleanup(password_free) char *password = NULL;

    (void)state;
    assert_int_equal(password_read("/nowhere/password", &password, &error), -1);
    assert_error_says(error, "could not open the password file \"/nowhere/password\": No such file");
    assert_int_equal(password_read("/tmp", &password, &error), -1);
    assert_error_says(error, "could not read a password from the file \"/tmp\": Is a directory");
    assert_null(password);
}

static void test_exposed(void **state)
{
    static const struct {
        mode_t mode;
        bool exposed;
    } cases[] = {{0400, false}, {0600, false}, {0640, false}, {0440, false}, {0644, true}, {0604, true}, {0666, true}};
    char path[32];

    (void)state;
    write_temporary(path, "x", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        assert_int_equal(password_is_exposed(path), cases[i].exposed);
    }
    unlink(path);
    assert_false(password_is_exposed(path));
    assert_false(password_is_exposed("/dev/null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_exposed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
