/* CSV by RFC 4180, and the file of users that is written in it. */
#include "base/csv.h"

#include <unistd.h>

#include "config/users_file.h"
#include "unit.h"

static char path[32];

/* Reads a text and joins its rows: fields by '|', rows by '/', each row behind its line number. */
static const char *read_all(const char *text, struct error *error)
{
    static char joined[1024];
    struct csv *csv;
    struct csv_row row;
    int status;

    joined[0] = '\0';
    write_temporary(path, text, strlen(text));
    assert_int_equal(csv_open(path, &csv, error), 0);
    while ((status = csv_next(csv, &row, error)) == 0) {
        sprintf(joined + strlen(joined), "%zu:", row.line);
        for (size_t i = 0; i < row.count; i++)
            sprintf(joined + strlen(joined), "%s|", row.fields[i]);
        strcat(joined, "/");
    }
    csv_close(csv);
    unlink(path);
    return status > 0 ? joined : NULL;
}

static void reads(const char *text, const char *expected)
{
    struct error error = {0};
    const char *joined = read_all(text, &error);

    if (!joined)
        fail_msg("%s", error.message);
    assert_string_equal(joined, expected);
}

static void refuses(const char *text, const char *words)
{
    struct error error;

    assert_null(read_all(text, &error));
    assert_int_equal(error.code, ANT_CSV_INVALID);
    assert_error_says(error, words);
}

static void test_rows(void **state)
{
    (void)state;
    reads("", "");
    reads("a,b\n", "1:a|b|/");
    reads("a,b", "1:a|b|/");
    reads("a,b\r\nc,d\r\n", "1:a|b|/2:c|d|/");
    reads(",\n", "1:||/");
    reads("a,\nb\n", "1:a||/2:b|/");
    reads("\n\na\n\nb\n", "3:a|/5:b|/");
    reads("\xef\xbb\xbfid\n", "1:id|/");
}

static void test_quotes(void **state)
{
    (void)state;
    reads("\"a,b\",c\n", "1:a,b|c|/");
    reads("\"say \"\"hi\"\"\"\n", "1:say \"hi\"|/");
    reads("\"two\nlines\",x\ny\n", "1:two\nlines|x|/3:y|/");
    reads("\"\"\n", "1:|/");
    reads("\"a\"", "1:a|/");
    reads("a\"b\n", "1:a\"b|/");
}

static void test_broken_files(void **state)
{
    struct error error;
    struct csv *csv;

    (void)state;
    refuses("a\n\"b\n", "line 2: a quote is not closed");
    refuses("a\n\"b\"c\n", "line 2: text follows a closing quote");
    refuses("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "more than 16 fields");
    assert_int_equal(csv_open("/nowhere/users.csv", &csv, &error), -1);
    assert_int_equal(error.code, ANT_CSV_UNREADABLE);
    assert_error_says(error, "No such file");
    assert_int_equal(csv_open("/tmp", &csv, &error), -1);
    assert_error_says(error, "Is a directory");
    write_temporary(path, "a\0b", 3);
    assert_int_equal(csv_open(path, &csv, &error), -1);
    assert_error_says(error, "NUL");
    unlink(path);
}

static int load_users(const char *text, struct users *ret_users, struct error *error)
{
    int status;

    write_temporary(path, text, strlen(text));
    status = users_file_load(path, ret_users, error);
    unlink(path);
    return status;
}

static void refuses_users(const char *text, const char *words)
{
    struct users users = {0};
    struct error error;

    if (load_users(text, &users, &error) == 0)
        fail_msg("loaded %s", text);
    assert_int_equal(error.code, ANT_CSV_INVALID);
    assert_error_says(error, words);
    assert_error_says(error, "nothing was loaded");
    assert_null(users.list);
}

static void test_users(void **state)
{
    cleanup(users_release) struct users users = {0};
    struct error error;

    (void)state;
    assert_int_equal(
        load_users("id,name,email,quota\nu1,\"Ada, L.\",ada@example.org,5000\nu2,,b@example.org,0\n", &users, &error),
        0);
    assert_int_equal(users.count, 2);
    assert_string_equal(users.list[0].id, "u1");
    assert_string_equal(users.list[0].name, "Ada, L.");
    assert_string_equal(users.list[0].email, "ada@example.org");
    assert_int_equal(users.list[0].quota, 5000);
    assert_string_equal(users.list[1].name, "");
    assert_int_equal(users.list[1].quota, 0);
}

static void test_no_users(void **state)
{
    cleanup(users_release) struct users users = {0};
    struct error error;

    (void)state;
    assert_int_equal(load_users("id,name,email,quota\n", &users, &error), 0);
    assert_int_equal(users.count, 0);
}

static void test_bad_users_are_named_by_line(void **state)
{
    struct users users = {0};
    struct error error;

    (void)state;
    refuses_users("", "is empty");
    refuses_users("id,email,name,quota\n", "line 1: the header is not");
    refuses_users("id,name,email,quota\n,n,e,1\n", "line 2: the id is empty");
    refuses_users("id,name,email,quota\nu,n,,1\n", "line 2: the email is empty");
    refuses_users("id,name,email,quota\nu,n,e,-1\n", "line 2: the quota is not");
    refuses_users("id,name,email,quota\nu,n,e,1.5\n", "line 2: the quota is not");
    refuses_users("id,name,email,quota\nu,n,e,\n", "line 2: the quota is not");
    refuses_users("id,name,email,quota\nu,n,e,9223372036854775808\n", "line 2: the quota is not");
    refuses_users("id,name,email,quota\nu,n,e\n", " 1 invalid line: line 2: not the 4 fields");
    refuses_users("id,name,email,quota\nu,n,e,1\nu,m,f,2\n", "\"u\" stands there twice");
    assert_int_equal(load_users("id,name,email,quota\nu,n,e,x\nv,n,e,1\n,n,e,1\n", &users, &error), -1);
    assert_error_says(error, "2 invalid lines: line 2: the quota");
    assert_error_says(error, "; line 4: the id");
}

static void test_many_bad_lines_are_counted(void **state)
{
    char text[1024] = "id,name,email,quota\n";

    (void)state;
    for (int i = 0; i < 20; i++)
        strcat(text, "u,n,e,x\n");
    refuses_users(text, "and 12 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_no_users),
        cmocka_unit_test(test_bad_users_are_named_by_line),
        cmocka_unit_test(test_many_bad_lines_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
