/* Which files become one. */
#include "batch/groups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "unit.h"

#define FILES_MAX 8

static char folder[] = "/tmp/antenna-test-XXXXXX";
static struct listed_file list[FILES_MAX];
static struct listed_files files = {list, 0};
static struct groups groups;
static struct error error;

static int set_up_group(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down_group(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int tear_down(void **state)
{
    (void)state;
    for (; files.count; files.count--) {
        cleanup(memory_free) char *path = memory_printf("%s/%s", folder, list[files.count - 1].path);

        unlink(path);
        free(list[files.count - 1].path);
    }
    groups_release(&groups);
    return 0;
}

/* A listed file, and one without blocks of that size. */
static struct listed_file *add(const char *name, int64_t size)
{
    static char job[] = "job", topic[] = "topic";
    cleanup(memory_free) char *path = memory_printf("%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CREAT, 0666);

    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, size), 0);
    close(file);
    list[files.count] = (struct listed_file){
        .path = memory_text(name, strlen(name)), .job = job, .topic = topic, .rows = 1, .bytes_total = 1, .size = size};
    return &list[files.count++];
}

/* The names of the groups' files: '+' between files, a blank between groups. */
static void gives(const char *expected)
{
    char text[256] = "";

    if (groups_form(&groups, folder, &files, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < groups.count; i++)
        for (size_t j = 0; j < groups.list[i].count; j++)
            strcat(strcat(text, j ? "+" : i ? " " : ""), groups.list[i].files[j]->path);
    assert_string_equal(text, expected);
}

static void test_small_files_become_one(void **state)
{
    (void)state;
    add("c", 10), add("a", 20), add("b", 30);
    list[0].min_timestamp = 5, list[0].max_timestamp = 6;
    list[1].min_timestamp = 3, list[1].max_timestamp = 4;
    list[2].min_timestamp = 4, list[2].max_timestamp = 9;
    gives("a+b+c");
    assert_int_equal(groups.list[0].size, 60);
    assert_true(groups_same_content(&groups.list[0].content, &(struct file_content){3, 3, 3, 9}));
}

static void test_large_files_are_left_alone(void **state)
{
    (void)state;
    add("a", 1), add("b", GROUPS_FILE_SIZE_TARGET / 2), add("c", GROUPS_FILE_SIZE_TARGET), add("d", 1);
    gives("a+d");
}

static void test_one_small_file_is_left_alone(void **state)
{
    (void)state;
    add("a", 1), add("b", GROUPS_FILE_SIZE_TARGET / 2);
    gives("");
}

static void test_no_file(void **state)
{
    (void)state;
    gives("");
}

static void test_groups_end_at_the_target(void **state)
{
    (void)state;
    for (const char *name = "abcde"; *name; name++)
        add((const char[]){*name, '\0'}, GROUPS_FILE_SIZE_TARGET / 2 - 1);
    gives("a+b c+d");
}

static void test_jobs_and_topics_are_not_mixed(void **state)
{
    static char other[] = "other";

    (void)state;
    add("a", 1), add("b", 1)->job = other, add("c", 1), add("d", 1)->job = other, add("e", 1)->topic = other;
    gives("a+c b+d");
}

static void test_replaced_files_are_no_part_of_it(void **state)
{
    (void)state;
    add("a", 1), add("b", 1)->replaced = true, add("c", 1);
    gives("a+c");
}

static void test_sums_stay_below_what_the_list_holds(void **state)
{
    (void)state;
    add("a", 1)->bytes_total = INT64_MAX, add("b", 1), add("c", 1);
    gives("b+c");
}

static void test_a_file_alone(void **state)
{
    const int64_t sizes[] = {1, GROUPS_FILE_SIZE_TARGET, GROUPS_FILE_SIZE_TARGET + 1};
    const size_t count = sizeof(sizes) / sizeof(*sizes);

    (void)state;
    for (size_t i = 0; i < count; i++)
        groups_add(&groups, add((const char[]){(char)('a' + i), '\0'}, sizes[i]), count);
    assert_int_equal(groups.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(groups.list[i].count, 1);
        assert_ptr_equal(groups.list[i].files[0], &list[i]);
        assert_int_equal(groups.list[i].size, sizes[i]);
        assert_true(groups_same_content(&groups.list[i].content, &(struct file_content){1, 1, 0, 0}));
    }
}

static void test_a_file_of_another_size(void **state)
{
    (void)state;
    add("a", 1), add("b", 2)->size = 3;
    assert_int_equal(groups_form(&groups, folder, &files, &error), -1);
    assert_int_equal(error.code, ANT_FILE_ALTERED);
    assert_error_says(error, "/b\" has 2 bytes instead of the 3 that are listed");
}

int main(void)
{
#define test(function) cmocka_unit_test_teardown(function, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_small_files_become_one),
        test(test_large_files_are_left_alone),
        test(test_one_small_file_is_left_alone),
        test(test_no_file),
        test(test_groups_end_at_the_target),
        test(test_jobs_and_topics_are_not_mixed),
        test(test_replaced_files_are_no_part_of_it),
        test(test_sums_stay_below_what_the_list_holds),
        test(test_a_file_alone),
        test(test_a_file_of_another_size),
    };

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
