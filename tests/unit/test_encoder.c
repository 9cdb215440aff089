/* The thread that encodes, while its owner goes on. */
#include "archive/encoder.h"

#include "folder.h"
#include "record_of.h"

#define HOUR 1645351200
#define ROWS 20000

static struct encoder *encoder;
static struct staging *staging;
static struct dictionary dictionary;
static struct encoding encoding;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    if (folder_make() || staging_open(root, &staging, &error) || encoder_open(PARQUET_ZSTD, 1, &encoder, &error))
        return -1;
    dictionary_init(&dictionary, total_kinds_standard());
    encoding = (struct encoding){.rows = {.limits = {.count = 1000000, .memory = 256 << 20}}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    encoder_close(encoder);
    rows_clear(&encoding.rows);
    free(encoding.files);
    dictionary_release(&dictionary);
    staging_close(staging);
    return folder_remove();
}

static struct coded_event name_event(int number)
{
    char id[16];
    struct record record;
    struct coded_event event;
    uint32_t hashes[TEXTS];

    sprintf(id, "u%d", number);
    record = record_of(HOUR + number % 7200, id, "a", "x", 1);
    dictionary_hash(&record, hashes);
    assert_int_equal(dictionary_encode(&dictionary, &record, hashes, &event), 0);
    return event;
}

/* Rows of two hours, and the names of their files. */
static void begin(int count)
{
    for (int i = 0; i < count; i++) {
        struct coded_event event = name_event(i);

        rows_add(&encoding.rows, &event, 0, i);
    }
    rows_sort(&encoding.rows);
    encoding.files = memory_new(encoding.rows.hour_count, sizeof(*encoding.files));
    for (size_t i = 0; i < encoding.rows.hour_count; i++)
        sprintf(encoding.files[i].name, "%zu.parquet", i);
    encoding.dictionary = &dictionary;
    encoding.staging = staging;
    encoder_begin(encoder, &encoding);
}

static void test_files_are_written_while_names_come(void **state)
{
    cleanup(file_names_release) struct file_names names = {0};

    (void)state;
    assert_true(encoder_is_done(encoder));
    begin(ROWS);
    for (int i = ROWS; i < 20 * ROWS; i++)
        name_event(i);
    assert_int_equal(encoder_wait(encoder, &error), 0);
    assert_true(encoder_is_done(encoder));
    assert_int_equal(staging_list(staging, &names, &error), 0);
    assert_int_equal(names.count, 2);
    assert_int_equal(encoding.rows.hours[0]->count + encoding.rows.hours[1]->count, ROWS);
    assert_true(encoding.cpu_ns > 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(encoding.files[i].size > 1000);
        assert_null(encoding.rows.hours[i]->bytes);
        assert_int_equal(staging_delete(staging, encoding.files[i].name, &error), 0);
    }
}

static void test_a_failure_and_then_another_roll(void **state)
{
    (void)state;
    in_root("cd .staging/* && mkdir 1.parquet");
    begin(7200);
    assert_int_equal(encoder_wait(encoder, &error), -1);
    assert_int_equal(error.code, ANT_DISK_FAILED);
    assert_error_says(error, "1.parquet");
    in_root("rm -r .staging/*/*.parquet");
    rows_clear(&encoding.rows);
    free(encoding.files);
    begin(1);
    assert_int_equal(encoder_wait(encoder, &error), 0);
    in_root("rm .staging/*/0.parquet");
}

static void test_an_end_without_work(void **state)
{
    (void)state;
    assert_true(encoder_is_done(encoder));
    encoder_close(NULL);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_files_are_written_while_names_come),
        test(test_a_failure_and_then_another_roll),
        test(test_an_end_without_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
