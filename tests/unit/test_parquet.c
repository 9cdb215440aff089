/* Parquet files, written and then read back by DuckDB: as the layers below do, and by SQL. */
#include "archive/parquet.h"

#include <sys/stat.h>
#include <unistd.h>

#include "archive/database.h"
#include "archive/merge.h"
#include "archive/reader.h"
#include "base/memory.h"
#include "record_of.h"
#include "unit.h"

#define HOUR 1645351200

static char folder[] = "/tmp/antenna-test-XXXXXX";
static char *path;
static struct parquet *parquet;
static struct dictionary dictionary;
static struct rows rows;
static struct error error;

static int set_up_group(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    /* a quote in the name, for SQL is made of it */
    path = memory_printf("%s/it's.parquet", folder);
    return parquet_open(PARQUET_ZSTD, &parquet, &error);
}

static int tear_down_group(void **state)
{
    (void)state;
    parquet_close(parquet);
    free(path);
    return rmdir(folder);
}

static int set_up(void **state)
{
    (void)state;
    dictionary_init(&dictionary, total_kinds_standard());
    rows = (struct rows){.limits = {.count = 1000000, .memory = 256 << 20}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dictionary_release(&dictionary);
    rows_clear(&rows);
    unlink(path);
    return 0;
}

static void add(int64_t time, const char *id, const char *antenna, int64_t bytes, const char *app)
{
    const struct record record = record_of(time, id, antenna, app, bytes);
    struct coded_event event;
    uint32_t hashes[TEXTS];

    dictionary_hash(&record, hashes);
    assert_int_equal(dictionary_encode(&dictionary, &record, hashes, &event), 0);
    assert_true(rows_have_room(&rows, &event));
    rows_add(&rows, &event, 0, (int64_t)rows.count);
}

static void write_first_hour(void)
{
    struct stat status;
    int64_t size;

    if (parquet_write(parquet, rows.hours[0], &dictionary, path, &size, &error))
        fail_msg("%s", error.message);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(size, status.st_size);
}

/* Runs SQL about FILE and compares the result as text: '|' between fields, a line a row. */
static void gives(const char *about, const char *expected)
{
    struct database database = {0};
    char sql[512], text[1024] = "";
    const char *mark = strstr(about, "FILE");
    duckdb_result result;

    snprintf(sql, sizeof(sql), "%.*s'%s/it''s.parquet'%s", (int)(mark - about), about, folder, mark + strlen("FILE"));
    if (database_open(1, NULL, &database, &error) || database_run(&database, sql, &result, &error))
        fail_msg("%s", error.message);
    for (idx_t row = 0; row < duckdb_row_count(&result); row++)
        for (idx_t i = 0; i < duckdb_column_count(&result); i++) {
            char *value = duckdb_value_varchar(&result, i, row);

            strcat(strcat(text, value ? value : "NULL"), i + 1 < duckdb_column_count(&result) ? "|" : "\n");
            duckdb_free(value);
        }
    duckdb_destroy_result(&result);
    database_release(&database);
    assert_string_equal(text, expected);
}

static void test_values_are_read_back(void **state)
{
    (void)state;
    add(HOUR + 1, "u1", "a1", 7, "SKYPE");
    add(HOUR, "\xc3\xa4 \"q\"", "a2", INT64_MAX - 7, "x,y");
    add(HOUR + 3599, "u1", "a1", 0, "line\nbreak");
    write_first_hour();
    gives("SELECT epoch(timestamp)::BIGINT, id, antenna_id, bytes, app FROM read_parquet(FILE)",
          "1645351201|u1|a1|7|SKYPE\n"
          "1645351200|\xc3\xa4 \"q\"|a2|9223372036854775800|x,y\n"
          "1645354799|u1|a1|0|line\nbreak\n");
}

static void test_schema(void **state)
{
    (void)state;
    add(HOUR, "u", "a", 7, "x");
    write_first_hour();
    gives("SELECT name, type, converted_type, repetition_type FROM parquet_schema(FILE) WHERE type IS NOT NULL",
          "timestamp|INT64|TIMESTAMP_MICROS|OPTIONAL\n"
          "id|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "antenna_id|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "bytes|INT64|INT_64|OPTIONAL\n"
          "app|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "cell|BYTE_ARRAY|UTF8|OPTIONAL\n");
    gives("SELECT logical_type LIKE '%isAdjustedToUTC=1%' FROM parquet_schema(FILE) WHERE name = 'timestamp'",
          "true\n");
}

static void test_an_absent_text_is_null(void **state)
{
    (void)state;
    add(HOUR, "u", "a", 7, "x");
    write_first_hour();
    gives("SELECT id, cell FROM read_parquet(FILE)", "u|NULL\n");
}

/* Numbers of names around the sizes at which DuckDB takes wider codes. */
static void test_numbers_of_names(void **state)
{
    static const int counts[] = {1, 254, 255, 256, 257, 65534, 65535, 65536, 65537};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        char expected[128];

        for (int j = 0; j < counts[i]; j++) {
            char name[16];

            sprintf(name, "u%d", j);
            add(HOUR + j % 3600, name, "a", j, "x");
        }
        write_first_hour();
        snprintf(expected, sizeof(expected), "%d|%d|true\n", counts[i], counts[i]);
        gives("SELECT count(*), count(DISTINCT id), bool_and(id = 'u' || bytes) FROM read_parquet(FILE)", expected);
        rows_clear(&rows);
        unlink(path);
    }
}

/* A file holds the names of its own rows, whatever else the dictionary knows. */
static void test_two_hours_of_one_dictionary(void **state)
{
    int64_t size;

    (void)state;
    add(HOUR, "early", "a", 1, "x");
    add(HOUR + 3600, "late", "b", 2, "y");
    write_first_hour();
    gives("SELECT id, antenna_id, app FROM read_parquet(FILE)", "early|a|x\n");
    unlink(path);
    assert_int_equal(parquet_write(parquet, rows.hours[1], &dictionary, path, &size, &error), 0);
    gives("SELECT id, antenna_id, app FROM read_parquet(FILE)", "late|b|y\n");
}

static void test_nowhere_to_write(void **state)
{
    int64_t size;

    (void)state;
    add(HOUR, "u", "a", 7, "x");
    assert_int_equal(parquet_write(parquet, rows.hours[0], &dictionary, "/nowhere/x.parquet", &size, &error), -1);
    assert_int_equal(error.code, ANT_DISK_FAILED);
    assert_error_says(error, "could not write \"/nowhere/x.parquet\"");
    /* the writer can be used again */
    write_first_hour();
}

static struct reader *open_reader(void)
{
    struct reader *reader = NULL;

    if (reader_open(&(struct reader_settings){NULL, 0}, &reader, &error))
        fail_msg("%s", error.message);
    return reader;
}

static int append_total(void *context, const struct hour_total *total, struct error *ignored)
{
    char *text = context;

    (void)ignored;
    sprintf(text + strlen(text), "%s %.*s %lld %lld\n", total_kinds[total->kind].label, (int)total->id.size,
            total->id.data, (long long)total->events, (long long)total->value);
    return 0;
}

static void test_sums_of_the_reader(void **state)
{
    struct file_names paths = {&path, 1};
    const struct reader_files files = {&paths, NULL};
    cleanup(reader_cleanup) struct reader *reader = open_reader();
    struct file_content content;
    char text[512] = "";
    int64_t count;

    (void)state;
    add(HOUR + 7, "u1", "a", 1, "x");
    add(HOUR, "u2", "a", 2, "y");
    add(HOUR, "u1", "b", 4, "x");
    write_first_hour();
    if (reader_count_rows(reader, &paths, &count, &error) ||
        reader_sum(reader, &files, total_kinds_standard(), append_total, text, &error) ||
        reader_inspect(reader, path, &content, &error))
        fail_msg("%s", error.message);
    assert_int_equal(count, 3);
    assert_string_equal(text, "antenna_bytes_total a 2 3\n"
                              "antenna_bytes_total b 1 4\n"
                              "app_bytes_total x 2 5\n"
                              "app_bytes_total y 1 2\n"
                              "user_bytes_total u1 2 5\n"
                              "user_bytes_total u2 1 2\n");
    assert_int_equal(content.rows, 3);
    assert_int_equal(content.bytes_total, 7);
    assert_int_equal(content.min_timestamp, HOUR);
    assert_int_equal(content.max_timestamp, HOUR + 7);
}

static int refuse(void *context, const struct hour_total *total, struct error *reason)
{
    (void)context, (void)total;
    return error_set(reason, ANT_ARCHIVE_UNREADABLE, "not this one");
}

static void test_errors_of_the_reader_name_the_file_whose_fault_it_is(void **state)
{
    char damaged[600], *both[] = {path, damaged};
    struct file_names paths = {both, 2};
    const struct reader_files files = {&paths, NULL};
    cleanup(reader_cleanup) struct reader *reader = open_reader();
    char text[512] = "";
    FILE *file;

    (void)state;
    add(HOUR, "u1", "a", 1, "x");
    write_first_hour();
    snprintf(damaged, sizeof(damaged), "%s.damaged", path);
    file = fopen(damaged, "w");
    fputs("PAR1 and no more", file);
    fclose(file);
    assert_int_equal(reader_sum(reader, &files, total_kinds_standard(), append_total, text, &error), -1);
    assert_non_null(strstr(error.message, damaged));
    paths.count = 1;
    assert_int_equal(reader_sum(reader, &files, total_kinds_standard(), refuse, NULL, &error), -1);
    assert_string_equal(error.message, "not this one");
    unlink(damaged);
}

/* The file in its place is read while the other is written. */
static void test_merged_files(void **state)
{
    cleanup(memory_free) char *to = memory_printf("%s/merged.parquet", folder);
    char *both[] = {path, path};
    const struct file_names paths = {both, 2};
    const struct changed_id changed = {"u1", "it's new"};
    struct stat status;
    int64_t size;

    (void)state;
    add(HOUR + 7, "u1", "a", 1, "x");
    add(HOUR, "u2", "b", 2, "y");
    write_first_hour();
    if (merge_files(NULL, &paths, NULL, to, PARQUET_ZSTD, &size, &error))
        fail_msg("%s", error.message);
    assert_int_equal(stat(to, &status), 0);
    assert_int_equal(size, status.st_size);
    assert_int_equal(rename(to, path), 0);
    gives("SELECT epoch(timestamp)::BIGINT, id, antenna_id, bytes, app FROM read_parquet(FILE)",
          "1645351207|u1|a|1|x\n"
          "1645351200|u2|b|2|y\n"
          "1645351207|u1|a|1|x\n"
          "1645351200|u2|b|2|y\n");
    gives("SELECT name, type, converted_type, repetition_type FROM parquet_schema(FILE) WHERE type IS NOT NULL",
          "timestamp|INT64|TIMESTAMP_MICROS|OPTIONAL\n"
          "id|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "antenna_id|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "bytes|INT64|INT_64|OPTIONAL\n"
          "app|BYTE_ARRAY|UTF8|OPTIONAL\n"
          "cell|BYTE_ARRAY|UTF8|OPTIONAL\n");
    if (merge_files(NULL, &paths, &changed, to, PARQUET_ZSTD, &size, &error))
        fail_msg("%s", error.message);
    assert_int_equal(rename(to, path), 0);
    gives("SELECT id, count(*) FROM read_parquet(FILE) GROUP BY id ORDER BY id", "it's new|4\nu2|4\n");
    gives("SELECT type, converted_type, repetition_type FROM parquet_schema(FILE) WHERE name = 'id'",
          "BYTE_ARRAY|UTF8|OPTIONAL\n");
    assert_int_equal(truncate(path, size - 20), 0);
    assert_int_equal(merge_files(NULL, &paths, NULL, to, PARQUET_ZSTD, &size, &error), -1);
    assert_int_equal(error.code, ANT_ARCHIVE_UNREADABLE);
    unlink(to);
}

/* No file of ours holds such a sum, but two together may. */
static void test_sum_beyond_int64(void **state)
{
    char *both[] = {path, path};
    struct file_names paths = {both, 2};
    const struct reader_files files = {&paths, NULL};
    cleanup(reader_cleanup) struct reader *reader = open_reader();
    char text[512] = "";

    (void)state;
    add(HOUR, "u1", "a", INT64_MAX, "x");
    write_first_hour();
    assert_int_equal(reader_sum(reader, &files, total_kinds_standard(), append_total, text, &error), -1);
    assert_int_equal(error.code, ANT_SUM_TOO_LARGE);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_values_are_read_back),
        test(test_schema),
        test(test_an_absent_text_is_null),
        test(test_numbers_of_names),
        test(test_two_hours_of_one_dictionary),
        test(test_merged_files),
        test(test_nowhere_to_write),
        test(test_sums_of_the_reader),
        test(test_sum_beyond_int64),
        test(test_errors_of_the_reader_name_the_file_whose_fault_it_is),
    };

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
