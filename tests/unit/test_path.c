/* Paths that users write, and what they are on this machine. */
#include "config/value.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static struct error error;

static void becomes(const char *text, const char *expected)
{
    char *path = NULL;

    if (path_resolve(text, &path, &error))
        fail_msg("%s: %s", text, error.message);
    assert_string_equal(path, expected);
    free(path);
}

static void refuses(const char *text, const char *words)
{
    char *path = NULL;

    if (path_resolve(text, &path, &error) == 0)
        fail_msg("%s became %s", text, path);
    assert_int_equal(error.code, ANT_PATH_INVALID);
    assert_error_says(error, words);
}

static void test_paths(void **state)
{
    static const char *const same[] = {"/x",     "/x/y z", "x",       "x/y",   "./x", "../x", ".",        "/",     "20",
                                       "/a:b/",  "12:30",  "C:/data", "a:b/c", ":/x", "-x",   "/x/~/y",   "./~/x", "x~",
                                       "/a%20b", "file",   "files/x", "3a:/x", "gs",  "//x",  "users.csv"};

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
        becomes(same[i], same[i]);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    becomes("/x/\xc3\xb1", "/x/\xc3\xb1");
    refuses("/x\xff", "is not encoded in UTF-8");
    refuses("/se\xf1or", "is not encoded in UTF-8");
    refuses("file:///x\xc3", "is not encoded in UTF-8");
}

/* As org.apache.hadoop.fs.Path and the local file system read them. */
static void test_file_uris(void **state)
{
    (void)state;
    becomes("file:/x", "/x");
    becomes("file:///x", "/x");
    becomes("file:///x/y z", "/x/y z");
    becomes("file:///a%20b", "/a%20b");
    becomes("file:///a+b", "/a+b");
    becomes("file:///a?b#c", "/a?b#c");
    becomes("file://localhost/x", "/x");
    becomes("FILE:///x", "/x");
    becomes("file:/", "/");
    becomes("file:///~/x", "/~/x");
    refuses("file://var/lib", "names the host var");
    refuses("file://localhostess/x", "names the host");
    refuses("file://~/x", "write file:///path");
    refuses("file:x", "has no path");
    refuses("file:", "has no path");
    refuses("file://", "has no path");
    refuses("file://localhost", "has no path");
}

static void test_stores(void **state)
{
    static const char *const stores[] = {
        "gs://telco/archive",
        "s3://b/x",
        "s3a://b/x",
        "s3n://b/x",
        "S3A://b/x",
        "hdfs://n:8020/x",
        "hdfs:///x",
        "hdfs:/x",
        "abfss://c@a.dfs.core.windows.net/x",
        "wasbs://c@a/x",
        "dbfs:/mnt/x",
        "viewfs:///x",
        "webhdfs://n/x",
        "https://h/x",
        "ftp://h/x",
        "oss://b/x",
        "nfs://h/x",
        "smb://h/x",
        "jdbc:/x",
        "a.b+c-d://x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++)
        refuses(stores[i], "give a folder of this machine");
}

static void test_home(void **state)
{
    char own[512];

    (void)state;
    setenv("HOME", "/srv/me", 1);
    becomes("~", "/srv/me");
    becomes("~/", "/srv/me/");
    becomes("~/archive", "/srv/me/archive");
    becomes("~root", getpwnam("root")->pw_dir);
    snprintf(own, sizeof(own), "%s/x", getpwnam("root")->pw_dir);
    becomes("~root/x", own);
    refuses("~nobody-of-that-name/x", "a home folder that does not exist");
    refuses("~backup.csv", "write ./~");
    /* without HOME it is the account's */
    snprintf(own, sizeof(own), "%s/x", getpwuid(geteuid())->pw_dir);
    unsetenv("HOME");
    becomes("~/x", own);
    setenv("HOME", "", 1);
    becomes("~/x", own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),     cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_file_uris), cmocka_unit_test(test_stores),
        cmocka_unit_test(test_home),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
