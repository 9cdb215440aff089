/*
 * The archive when calls fail: one after the other, with each error that disks give. Whatever failed, a second attempt
 * brings everything to its end: each file is where it belongs, once.
 */
#include "libpq_script.h"

#include "archive/hour_folder.h"
#include "archive/merge.h"
#include "archive/parquet.h"
#include "archive/reader.h"
#include "archive/recover.h"
#include "archive/staging.h"
#include "archive/swap.h"
#include "failing_calls.h"
#include "folder.h"
#include "record_of.h"

#define CALLS_MAX 2000
#define ALL SIZE_MAX

#define TOKEN "00000000000000ab"
#define DEAD ".staging/" TOKEN "/"
/* Folders of hours, below the folder of the archive and below the storage root. */
#define WITHIN_TEN "year=2022/month=2/day=20/hour=10/"
#define WITHIN_ELEVEN "year=2022/month=2/day=20/hour=11/"
#define TEN "data/" WITHIN_TEN
#define ELEVEN "data/" WITHIN_ELEVEN
#define OLD "20220220T10-0123456789abcdef-1.parquet"
#define NEW "20220220T10-" TOKEN "-3.parquet"
#define LISTED "20220220T11-" TOKEN "-1.parquet"
#define UNLISTED "20220220T11-" TOKEN "-2.parquet"

static const int errors[] = {EIO, ENOSPC, EDQUOT, EFBIG, EACCES, EPERM, EROFS, ENOTDIR};

/* Errors that say that something is not there, or is there already: false news, for it is the other way round. */
static const int false_errors[] = {ENOENT, EEXIST, EWOULDBLOCK, ENOTEMPTY};

static bool merge_listed, forgotten;

/* The list of files, or that PostgreSQL is out of order. */
static PGresult *before(const char *sql)
{
    if (fails_now())
        return PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);
    answer_with(0, "", "", "1");
    if (strcmp(sql, sql_select_listed_files) == 0)
        answer_with(1, WITHIN_ELEVEN LISTED, "", "1");
    if (strcmp(sql, sql_select_replaced_files) == 0 && merge_listed && !forgotten)
        answer_with(1, WITHIN_TEN OLD, WITHIN_TEN NEW, "1");
    if (strcmp(sql, sql_count_retired) == 0)
        answer_with(1, "1", "", "1");
    if (strcmp(sql, sql_delete_replaced_files) == 0)
        forgotten = true;
    return NULL;
}

static void make_root(void)
{
    assert_int_equal(folder_make(), 0);
}

static void remove_root(void)
{
    assert_int_equal(folder_remove(), 0);
}

/* A writer died with a listed file, one that is not, and files merged. */
static void leave_files(void)
{
    make_root();
    forgotten = false;
    buffer_clear(&script.sent);
    make(DEAD LISTED);
    make(DEAD UNLISTED);
    make(DEAD "swap-20220220T10/" NEW);
    make(TEN OLD);
    make(TEN "other");
    make(TEN "below/");
}

/* A folder that is left with a warning is tried again at the next claim. */
static int recover(void)
{
    if (recover_abandoned(postgres, root, &error))
        return -1;
    return exists(".staging/" TOKEN) ? error_set(&error, ANT_DISK_REFUSED, "left with a warning") : 0;
}

static void check_recovered(void)
{
    assert_true(exists(ELEVEN LISTED) && exists(TEN "other") && exists(TEN "below"));
    assert_false(exists(ELEVEN UNLISTED));
    assert_true(exists(TEN NEW) == merge_listed && exists(TEN OLD) == !merge_listed);
    assert_true(was_sent(sql_delete_replaced_files) == merge_listed);
    assert_true(was_empty(".staging"));
}

/* A writer's whole life. */
static int write_a_file(void)
{
    struct staging *staging = NULL;
    cleanup(file_names_release) struct file_names names = {0};
    char name[LAYOUT_NAME_SIZE];
    cleanup(memory_free) char *path = NULL;
    int status, file;

    if (staging_open(root, &staging, &error))
        return -1;
    layout_name(name, 1645351200, staging_token(staging), 1);
    path = staging_path(staging, name);
    file = creat(path, 0666);
    assert_true(file >= 0);
    close(file);
    status = staging_check_space(staging, &error) || staging_sync(staging, &error) ||
             staging_publish(staging, name, &error) || staging_delete(staging, "none", &error) ||
             staging_list(staging, &names, &error);
    staging_close(staging);
    return status ? -1 : 0;
}

static void check_written(void)
{
    assert_false(was_empty(TEN));
}

/* Compaction's side of a swap. */
static int begin_a_swap(void)
{
    struct staging *staging = NULL;
    struct swap *swap;
    int status;

    if (staging_open(root, &staging, &error))
        return -1;
    swap = swap_new(staging, 1645351200, 0);
    status = swap_begin(swap, &error) || swap_sync(swap, &error) || swap_end(swap, &error);
    swap_free(swap);
    staging_close(staging);
    return status ? -1 : 0;
}

static void check_untouched(void)
{
    assert_true(exists(TEN OLD) && exists(TEN "other") && exists(TEN "below"));
}

static void add_row(struct rows *rows, struct dictionary *dictionary, const char *id)
{
    const struct record record = record_of(1645351200, id, "a", "x", 7);
    struct coded_event event;
    uint32_t hashes[TEXTS];

    dictionary_hash(&record, hashes);
    assert_int_equal(dictionary_encode(dictionary, &record, hashes, &event), 0);
    rows_add(rows, &event, 0, 0);
}

static int write_parquet(const char *path)
{
    struct dictionary dictionary = {0};
    cleanup(rows_clear) struct rows rows = {.limits = {10, 65536}};
    struct parquet *parquet = NULL;
    int64_t size;
    int status;

    dictionary_init(&dictionary, total_kinds_standard());
    add_row(&rows, &dictionary, "u");
    status = parquet_open(PARQUET_ZSTD, &parquet, &error) ||
             parquet_write(parquet, rows.hours[0], &dictionary, path, &size, &error);
    parquet_close(parquet);
    dictionary_release(&dictionary);
    return status ? -1 : 0;
}

static int take_total(void *context, const struct hour_total *total, struct error *unused)
{
    (void)unused;
    *(int64_t *)context += total->value;
    return 0;
}

/* Reads what was written, as batch and verify do. */
static int read_parquet(const char *data, const char *place, int64_t *ret_sum)
{
    cleanup(reader_cleanup) struct reader *reader = NULL;
    cleanup(hour_folder_release) struct hour_folder folder = {0};
    const struct reader_files files = {&folder.paths, NULL};
    cleanup(memory_free) char *found = NULL;
    struct file_content content;
    int64_t rows = 0;

    *ret_sum = 0;
    if (reader_open(&(struct reader_settings){NULL, 0}, &reader, &error) || storage_check(data, &error) ||
        hour_folder_list(data, 1645351200, &folder, &error) || hour_folder_find(data, place, 0, &found, &error) ||
        reader_count_rows(reader, &folder.paths, &rows, &error) || reader_inspect(reader, found, &content, &error) ||
        reader_sum(reader, &files, total_kinds_standard(), take_total, ret_sum, &error))
        return -1;
    assert_int_equal(rows, 1);
    assert_int_equal(content.rows, 1);
    return 0;
}

static int64_t sum;

static int write_and_read(void)
{
    cleanup(memory_free) char *data = memory_printf("%s/data", root);
    cleanup(memory_free) char *path = memory_printf("%s/" TEN OLD, root);
    cleanup(memory_free) char *merged = memory_printf("%s/merged", root);
    cleanup(file_names_release) struct file_names paths = {0};
    int64_t size;

    if (write_parquet(path) || read_parquet(data, WITHIN_TEN OLD, &sum))
        return -1;
    file_names_add(&paths, path);
    return merge_files(NULL, &paths, NULL, merged, PARQUET_ZSTD, &size, &error);
}

static void check_sum(void)
{
    assert_int_equal(sum, 3 * 7);
}

static void make_data(void)
{
    make_root();
    make(TEN);
}

/* One run in which a call fails, and, unless the failure was false news, a second one that must succeed. Returns
 * whether there was such a call. */
static bool run_with_failure(int call, int number, bool honest, void (*prepare)(void), int (*scenario)(void),
                             void (*check)(void))
{
    int status;
    bool failed;

    prepare();
    error = (struct error){0};
    fail_call(call, number);
    status = scenario();
    failed = end_failing();
    if (status && !(failed && *error.message))
        fail_msg("call %d, %s: %s", call, strerror(number), error.message);
    if (status && honest && scenario())
        fail_msg("again after call %d, %s: %s", call, strerror(number), error.message);
    if (honest)
        check();
    remove_root();
    return failed;
}

/* Each call with each of the first `count` errors, true and false ones. */
static void sweep(size_t count, void (*prepare)(void), int (*scenario)(void), void (*check)(void))
{
    for (size_t i = 0; i < count && i < sizeof(errors) / sizeof(*errors); i++) {
        int call = 1;

        while (call < CALLS_MAX && run_with_failure(call, errors[i], true, prepare, scenario, check))
            call++;
        assert_in_range(call, 5, CALLS_MAX - 1);
    }
    for (size_t i = 0; i < count && i < sizeof(false_errors) / sizeof(*false_errors); i++) {
        int call = 1;

        while (call < CALLS_MAX && run_with_failure(call, false_errors[i], false, prepare, scenario, check))
            call++;
    }
}

static void test_recovery_of_listed_merges(void **state)
{
    (void)state;
    merge_listed = true;
    script.before = before;
    sweep(ALL, leave_files, recover, check_recovered);
}

static void test_recovery_of_unlisted_merges(void **state)
{
    (void)state;
    merge_listed = false;
    script.before = before;
    sweep(ALL, leave_files, recover, check_recovered);
}

/* The old files are kept when the one that holds their rows is gone. */
static void test_a_merged_file_that_is_missing(void **state)
{
    (void)state;
    merge_listed = true;
    script.before = before;
    leave_files();
    in_root("rm " DEAD "swap-20220220T10/" NEW);
    assert_int_equal(recover(), -1);
    assert_error_says(error, "left with a warning");
    assert_true(exists(TEN OLD));
    remove_root();
}

static void test_folders_of_any_kind_of_path(void **state)
{
    (void)state;
    make_root();
    assert_int_equal(chdir(root), 0);
    assert_int_equal(disk_make_folder("relative", &error), 0);
    assert_int_equal(disk_make_folder("relative/below", &error), 0);
    assert_int_equal(disk_make_folder("/", &error), 0);
    assert_true(exists("relative/below"));
    assert_int_equal(chdir("/"), 0);
    remove_root();
}

static void test_a_writer(void **state)
{
    (void)state;
    sweep(ALL, make_root, write_a_file, check_written);
}

static void test_the_beginning_of_a_swap(void **state)
{
    (void)state;
    sweep(ALL, leave_files, begin_a_swap, check_untouched);
}

static void test_parquet_files(void **state)
{
    (void)state;
    sweep(1, make_data, write_and_read, check_sum);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_recovery_of_listed_merges),
        test(test_recovery_of_unlisted_merges),
        test(test_a_merged_file_that_is_missing),
        test(test_folders_of_any_kind_of_path),
        test(test_a_writer),
        test(test_the_beginning_of_a_swap),
        test(test_parquet_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
