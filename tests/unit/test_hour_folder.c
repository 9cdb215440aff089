/* The files of an hour as readers find them, wherever a writer has left them. */
#include "archive/hour_folder.h"

#include <dlfcn.h>

#include "folder.h"

#define HOUR 1645351200
#define TEN "year=2022/month=2/day=20/hour=10"
#define FOLDER "data/" TEN
#define FILE_NAME "20220220T10-0123456789abcdef-1.parquet"

#define WRITER ".staging/0123456789abcdef"

static char *data;
static struct error error;
static bool publishing; /* the writer, when its folder is about to be looked into */

DIR *opendir(const char *path)
{
    static DIR *(*real)(const char *);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "opendir");
    if (publishing && strstr(path, LAYOUT_STAGING)) {
        publishing = false;
        in_root("mv " WRITER "/" FILE_NAME " " FOLDER);
    }
    return real(path);
}

static int set_up(void **state)
{
    (void)state;
    if (folder_make())
        return -1;
    data = memory_printf("%s/data", root);
    in_root("mkdir -p " FOLDER);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(data);
    return folder_remove();
}

static void test_a_storage_root_is_no_storage_path(void **state)
{
    (void)state;
    assert_int_equal(storage_check(data, &error), 0);
    assert_int_equal(storage_check(root, &error), -1);
    assert_error_says(error, data);
}

static void test_only_files_of_readers_are_listed(void **state)
{
    cleanup(hour_folder_release) struct hour_folder folder = {0}, none = {0};

    (void)state;
    in_root("cd " FOLDER " && touch b.parquet a.parquet .hidden.parquet _SUCCESS x other.csv.parquet.tmp");
    assert_int_equal(hour_folder_list(data, HOUR, &folder, &error), 0);
    assert_int_equal(folder.paths.count, 2);
    assert_int_equal(folder.others, 2);
    assert_non_null(strstr(folder.paths.names[0], "/a.parquet"));
    assert_non_null(strstr(folder.paths.names[1], "/b.parquet"));
    assert_int_equal(hour_folder_list(data, HOUR + 3600, &none, &error), 0);
    in_root("rm " FOLDER "/*.parquet");
    assert_int_equal(hour_folder_list(data, HOUR, &none, &error), 0);
    assert_int_equal(none.paths.count, 0);
}

/* Folders that Hive's readers take for the hour 2022-02-05T09, and those that are refused. */
static void test_spellings_of_an_hour(void **state)
{
    static const struct {
        const char *folder;
        int files; /* -1: refused by name */
    } cases[] = {
        {"year=2022/month=2/day=5/hour=9", 1},
        {"year=2022/month=02/day=05/hour=09", 1},
        {"year=2022/month=2/day=05/hour=009", 1},
        {"year=02022/month=2/day=5/hour=9", 1},
        {"year=2022/month=2/day=5/hour=10", 0},
        {"year=2022/month=Feb/day=5/hour=9", -1},
        {"year=2022/month=2/day=5/Hour=9", -1},
        {"year=2022/month=2/day=5/hour=9.0", -1},
        {"year=2022/month=2/day=5/hour=+9", -1},
        {"year=2022/month=13/day=5/hour=9", -1},
        {"year=2022/month=2/day=5/hour=24", -1},
        {"year=2022/month=2/day=5/hour=", -1},
        {"year=2022/month=2/day=5/hour=9/minute=5", -1},
        {"year=2022/day=5/hour=9", -1},
        {"date=2022-02-05/hour=9", -1},
        {"year=2022/month=2/day=5/hour="
         "__HIVE_DEFAULT_PARTITION__",
         0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cleanup(hour_folder_release) struct hour_folder folder = {0};
        cleanup(memory_free) char *command =
            memory_printf("rm -rf data/* && mkdir -p '%s/%s' && touch '%s/%s/a.parquet'", data, cases[i].folder, data,
                          cases[i].folder);
        int status;

        in_root(command);
        status = hour_folder_list(data, 1644051600, &folder, &error);
        if (status != (cases[i].files < 0 ? -1 : 0) || (!status && (int)folder.paths.count != cases[i].files))
            fail_msg("%s: %d, %zu files", cases[i].folder, status, folder.paths.count);
        if (status)
            assert_int_equal(error.code, ANT_FOLDER_NAME);
    }
}

static void test_both_spellings_are_one_hour(void **state)
{
    cleanup(hour_folder_release) struct hour_folder folder = {0};

    (void)state;
    in_root("cd data && rm -rf * && mkdir -p year=2022/month=2/day=5/hour=9 year=2022/month=02/day=05/hour=09 && "
            "touch year=2022/month=2/day=5/hour=9/a.parquet year=2022/month=02/day=05/hour=09/b.parquet");
    assert_int_equal(hour_folder_list(data, 1644051600, &folder, &error), 0);
    assert_int_equal(folder.paths.count, 2);
}

static void test_a_storage_path_without_years_is_refused(void **state)
{
    (void)state;
    assert_int_equal(storage_require_years(data, &error), 0);
    in_root("cd data && rm -rf * && mkdir month=2");
    assert_int_equal(storage_require_years(data, &error), -1);
    assert_error_says(error, "year=NUMBER");
}

static int find(char **ret_path)
{
    return hour_folder_find(data, TEN "/" FILE_NAME, 50, ret_path, &error);
}

static void test_files_are_found_wherever_they_are(void **state)
{
    static const char *const places[] = {".staging/0123456789abcdef", ".staging/0123456789abcdef/swap-20220220T10",
                                         ".staging/0123456789abcdef/swap-20220220T10.2", FOLDER};

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        cleanup(memory_free) char *command =
            memory_printf("mkdir -p .staging/other %s && touch %s/" FILE_NAME, places[i], places[i]);
        cleanup(memory_free) char *path = NULL;

        in_root(command);
        assert_int_equal(find(&path), 0);
        assert_int_equal(access(path, F_OK), 0);
        assert_non_null(strstr(path, places[i]));
        in_root("rm -r .staging && find . -name '*.parquet' -delete");
    }
}

static void test_a_file_is_published_between_two_looks(void **state)
{
    cleanup(memory_free) char *path = NULL;

    (void)state;
    in_root("mkdir -p " WRITER " && touch " WRITER "/" FILE_NAME);
    publishing = true;
    assert_int_equal(find(&path), 0);
    assert_non_null(strstr(path, FOLDER));
}

static void test_files_that_are_missing(void **state)
{
    char *path = NULL;

    (void)state;
    assert_int_equal(find(&path), -1);
    assert_error_says(error, "is missing");
    in_root("mkdir -p .staging/0123456789abcdef");
    assert_int_equal(find(&path), -1);
    assert_int_equal(hour_folder_find(data, "no-folder", 0, &path, &error), -1);
    assert_null(path);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_a_storage_root_is_no_storage_path),
        test(test_only_files_of_readers_are_listed),
        test(test_spellings_of_an_hour),
        test(test_both_spellings_are_one_hour),
        test(test_a_storage_path_without_years_is_refused),
        test(test_files_are_found_wherever_they_are),
        test(test_a_file_is_published_between_two_looks),
        test(test_files_that_are_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
