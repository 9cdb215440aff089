/* The folder of files that readers must not see yet. */
#include "archive/staging.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

static struct error error;

static int set_up(void **state)
{
    (void)state;
    return folder_make();
}

static int tear_down(void **state)
{
    (void)state;
    return folder_remove();
}

static struct staging *open_staging(void)
{
    struct staging *staging = NULL;

    if (staging_open(root, &staging, &error))
        fail_msg("%s", error.message);
    return staging;
}

static void put_file(const struct staging *staging, const char *name)
{
    cleanup(memory_free) char *path = staging_path(staging, name);
    int file = open(path, O_WRONLY | O_CREAT, 0666);

    assert_true(file >= 0);
    close(file);
}

static void name_file(const struct staging *staging, char name[LAYOUT_NAME_SIZE])
{
    layout_name(name, 1645351200, staging_token(staging), 1);
}

/* Adopts the folder of a dead writer as staging_adopt() does; 1 when there is none. */
static int adopt_any(struct staging **ret_staging)
{
    cleanup(file_names_release) struct file_names tokens = {0};

    assert_int_equal(staging_find(root, &tokens, &error), 0);
    for (size_t i = 0; i < tokens.count; i++)
        if (staging_adopt(root, tokens.names[i], ret_staging, &error) == 0)
            return 0;
    return 1;
}

static void test_published_files_are_in_their_place(void **state)
{
    struct staging *staging = open_staging();
    cleanup(memory_free) char *place = NULL;
    char name[LAYOUT_NAME_SIZE];

    (void)state;
    name_file(staging, name);
    put_file(staging, name);
    assert_int_equal(staging_sync(staging, &error), 0);
    place = memory_printf("data/year=2022/month=2/day=20/hour=10/%s", name);
    assert_false(exists(place));
    assert_int_equal(staging_publish(staging, name, &error), 0);
    assert_true(exists(place));
    staging_close(staging);
    staging_close(NULL);
    /* nothing is left in staging */
    assert_int_equal(adopt_any(&staging), 1);
}

static void test_only_our_names_are_published(void **state)
{
    struct staging *staging = open_staging();

    (void)state;
    put_file(staging, "other");
    assert_int_equal(staging_publish(staging, "other", &error), -1);
    assert_int_equal(staging_delete(staging, "other", &error), 0);
    assert_int_equal(staging_delete(staging, "other", &error), 0);
    staging_close(staging);
}

static void test_files_are_listed_without_the_lock(void **state)
{
    struct staging *staging = open_staging();
    cleanup(file_names_release) struct file_names names = {0};

    (void)state;
    assert_int_equal(staging_list(staging, &names, &error), 0);
    assert_int_equal(names.count, 0);
    put_file(staging, "x");
    assert_int_equal(staging_list(staging, &names, &error), 0);
    assert_int_equal(names.count, 1);
    assert_string_equal(names.names[0], "x");
    assert_int_equal(staging_delete(staging, "x", &error), 0);
    staging_close(staging);
}

/* A writer whose lock was lost closes its folder while another recovers it. */
static void test_the_lock_of_another_is_left(void **state)
{
    struct staging *first = open_staging(), *second = NULL;

    (void)state;
    in_root("rm .staging/*/lock");
    assert_int_equal(adopt_any(&second), 0);
    staging_close(first);
    assert_true(staging_is_held(second));
    staging_close(second);
    in_root("test -z \"$(ls .staging)\"");
}

/* As on a network file system: the folder and its lock are as they were, and another process gets the lock. */
static void lose_lock(void)
{
    for (int file = 3; file < 64; file++) {
        cleanup(memory_free) char *link = memory_printf("/proc/self/fd/%d", file);
        char path[256];
        ssize_t size = readlink(link, path, sizeof(path));

        if (size > 5 && strncmp(path + size - 5, "/lock", 5) == 0)
            assert_int_equal(flock(file, LOCK_UN), 0);
    }
}

static void test_a_lock_that_was_lost_is_not_held(void **state)
{
    struct staging *first = open_staging(), *second = NULL;

    (void)state;
    assert_true(staging_is_held(first));
    lose_lock();
    assert_int_equal(adopt_any(&second), 0);
    assert_false(staging_is_held(first));
    staging_close(first);
    assert_true(staging_is_held(second));
    staging_close(second);
    in_root("test -z \"$(ls .staging)\"");
}

/* A folder whose writer lives is not taken; one that was left behind is, with what lies in it. */
static void test_abandoned_folders_are_adopted(void **state)
{
    struct staging *living = open_staging(), *left = open_staging(), *adopted = NULL;
    char token[LAYOUT_TOKEN_DIGITS + 1];

    (void)state;
    assert_string_not_equal(staging_token(living), staging_token(left));
    assert_int_equal(strlen(staging_token(left)), LAYOUT_TOKEN_DIGITS);
    assert_int_equal(adopt_any(&adopted), 1);
    strcpy(token, staging_token(left));
    put_file(left, "x");
    staging_close(left); /* keeps a folder that is not empty */
    assert_int_equal(adopt_any(&adopted), 0);
    assert_string_equal(staging_token(adopted), token);
    assert_int_equal(staging_delete(adopted, "x", &error), 0);
    staging_close(adopted);
    assert_int_equal(adopt_any(&adopted), 1);
    staging_close(living);
}

static void test_root_below_a_file(void **state)
{
    cleanup(memory_free) char *below = memory_printf("%s/file/archive", root);
    cleanup(memory_free) char *file = memory_printf("%s/file", root);
    struct staging *staging = NULL;

    (void)state;
    close(open(file, O_WRONLY | O_CREAT, 0666));
    assert_int_equal(staging_open(below, &staging, &error), -1);
    assert_int_equal(error.code, ANT_DISK_REFUSED);
    assert_error_says(error, "check the path");
    assert_null(staging);
}

static void test_disk_has_space(void **state)
{
    struct staging *staging = open_staging();
    cleanup(file_names_release) struct file_names names = {0};

    (void)state;
    assert_int_equal(staging_check_space(staging, &error), 0);
    assert_int_equal(staging_list(staging, &names, &error), 0);
    assert_int_equal(names.count, 0);
    staging_close(staging);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_published_files_are_in_their_place),
        test(test_only_our_names_are_published),
        test(test_files_are_listed_without_the_lock),
        test(test_the_lock_of_another_is_left),
        test(test_a_lock_that_was_lost_is_not_held),
        test(test_abandoned_folders_are_adopted),
        test(test_root_below_a_file),
        test(test_disk_has_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
