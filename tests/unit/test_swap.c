/* A new folder takes the place of an hour's folder. */
#include "archive/swap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/hour_folder.h"
#include "folder.h"

#define HOUR 1645351200
#define HOUR_FOLDER "data/year=2022/month=2/day=20/hour=10"

static struct staging *staging;
static struct swap *swap;
static struct error error;

static char old_name[] = "20220220T10-0123456789abcdef-1.parquet";
static char *replaced_names[] = {old_name};
static const struct file_names replaced = {replaced_names, 1}, none;

static bool is_in_hour(const char *name)
{
    cleanup(memory_free) char *below = memory_printf(HOUR_FOLDER "/%s", name);

    return exists(below);
}

static int set_up(void **state)
{
    (void)state;
    if (folder_make() || staging_open(root, &staging, &error))
        return -1;
    swap = swap_new(staging, HOUR, 0);
    in_root("mkdir -p " HOUR_FOLDER "/below && cd " HOUR_FOLDER
            " && echo old >20220220T10-0123456789abcdef-1.parquet && "
            "echo other >other && echo hidden >.hidden && chmod 2750 .");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    swap_free(swap);
    staging_close(staging);
    return folder_remove();
}

static void check(int status)
{
    if (status)
        fail_msg("%s", error.message);
}

static void begin_with_new_file(void)
{
    cleanup(memory_free) char *path = NULL;
    int file;

    check(swap_begin(swap, &error));
    path = swap_path(swap, "new");
    file = open(path, O_WRONLY | O_CREAT, 0666);
    assert_true(file >= 0);
    close(file);
    check(swap_sync(swap, &error));
}

/* What is not replaced is in the hour's folder all the time. */
static void test_new_files_replace_old_ones(void **state)
{
    (void)state;
    begin_with_new_file();
    assert_true(is_in_hour(old_name));
    assert_true(swap_has(swap, "new"));
    check(swap_exchange(swap, &replaced, &error));
    assert_true(is_in_hour("new") && is_in_hour("other") && is_in_hour(".hidden"));
    assert_false(is_in_hour(old_name));
    assert_true(swap_has(swap, old_name));
    check(swap_drain(swap, &replaced, &error));
    check(swap_end(swap, &error));
    assert_true(is_in_hour("new") && is_in_hour("other") && is_in_hour(".hidden") && is_in_hour("below"));
    in_root("test $(stat -c '%h %a' " HOUR_FOLDER "/other | tr ' ' -) = 1-644 && test $(stat -c %a " HOUR_FOLDER
            ") = 2750 && test $(ls -A " HOUR_FOLDER " | wc -l) = 4 && test $(ls .staging/* | wc -l) = 1");
}

/* A writer that was about to move a late file into the folder moves it into the one that has left its place. */
static void test_late_files_are_put_into_their_place(void **state)
{
    (void)state;
    begin_with_new_file();
    check(swap_exchange(swap, &replaced, &error));
    in_root("cd .staging/*/swap-20220220T10 && echo late >late");
    check(swap_drain(swap, &replaced, &error));
    in_root("cd .staging/*/swap-20220220T10 && echo later >later");
    check(swap_end(swap, &error));
    assert_true(is_in_hour("late") && is_in_hour("later") && is_in_hour("new"));
    assert_false(is_in_hour(old_name));
}

/* A process that lost its lock, and a second one that takes the swap over at each of its steps. */
static void test_a_swap_is_exchanged_by_one_process_only(void **state)
{
    for (int exchanged = 0; exchanged < 2; exchanged++) {
        struct swap *taken = swap_new(staging, HOUR, 0), *late = swap_new(staging, HOUR, 0);

        begin_with_new_file();
        if (exchanged)
            check(swap_exchange(swap, &replaced, &error));
        check(swap_take_over(taken, &error));
        assert_int_equal(swap_take_over(late, &error), 1);
        assert_int_equal(swap_exchange(swap, &replaced, &error), -1);
        assert_int_equal(swap_drain(swap, &replaced, &error), -1);
        assert_true(is_in_hour(old_name) != exchanged && is_in_hour("new") == exchanged);
        if (swap_has(taken, "new"))
            check(swap_exchange(taken, &replaced, &error));
        check(swap_drain(taken, &replaced, &error));
        check(swap_end(taken, &error));
        assert_true(!is_in_hour(old_name) && is_in_hour("new") && is_in_hour("other"));
        swap_free(taken);
        swap_free(late);
        in_root("rm " HOUR_FOLDER "/new && echo old >" HOUR_FOLDER "/20220220T10-0123456789abcdef-1.parquet");
    }
    (void)state;
}

static void test_a_file_is_not_put_over_another(void **state)
{
    (void)state;
    begin_with_new_file();
    check(swap_exchange(swap, &replaced, &error));
    in_root("cd .staging/*/swap-20220220T10 && echo late >new");
    assert_int_equal(swap_drain(swap, &replaced, &error), -1);
    assert_error_says(error, "could not move to its place");
}

static void test_an_unlisted_merge_leaves_no_trace(void **state)
{
    (void)state;
    begin_with_new_file();
    check(swap_delete(swap, "new", &error));
    check(swap_delete(swap, "new", &error));
    check(swap_end(swap, &error));
    check(swap_end(swap, &error));
    assert_true(is_in_hour(old_name) && is_in_hour("other"));
    in_root("test $(ls .staging/* | wc -l) = 1");
}

static void test_nothing_to_replace(void **state)
{
    (void)state;
    begin_with_new_file();
    check(swap_exchange(swap, &none, &error));
    check(swap_drain(swap, &none, &error));
    check(swap_end(swap, &error));
    assert_true(is_in_hour(old_name) && is_in_hour("new"));
}

static void test_an_hour_without_folder(void **state)
{
    (void)state;
    in_root("rm -r data/year=2022");
    assert_int_equal(swap_begin(swap, &error), -1);
    assert_int_equal(error.code, ANT_DISK_REFUSED);
    in_root("mkdir -p data/year=2022/month=2/day=20 && ln -s / " HOUR_FOLDER);
    assert_int_equal(swap_begin(swap, &error), -1);
    assert_error_says(error, "it is no folder");
    in_root("rm -r data/year=2022");
}

static void test_listed_files_are_found_in_the_new_folder(void **state)
{
    cleanup(memory_free) char *data = memory_printf("%s/data", root);
    cleanup(memory_free) char *found = NULL;

    (void)state;
    check(swap_begin(swap, &error));
    in_root("mv " HOUR_FOLDER "/*.parquet .staging/*/swap-20220220T10/");
    check(hour_folder_find(data, "year=2022/month=2/day=20/hour=10/20220220T10-0123456789abcdef-1.parquet", 0, &found,
                           &error));
    assert_non_null(strstr(found, "/swap-20220220T10/20220220T10-0123456789abcdef-1.parquet"));
    check(swap_drain(swap, &none, &error));
    check(swap_end(swap, &error));
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_new_files_replace_old_ones),
        test(test_late_files_are_put_into_their_place),
        test(test_a_swap_is_exchanged_by_one_process_only),
        test(test_a_file_is_not_put_over_another),
        test(test_an_unlisted_merge_leaves_no_trace),
        test(test_nothing_to_replace),
        test(test_an_hour_without_folder),
        test(test_listed_files_are_found_in_the_new_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
