/* Parameters of statements, arrays in PostgreSQL's binary format, and tables' names in SQL. */
#include "postgres/parameters.h"

#include "base/memory.h"
#include "postgres/client.h"
#include "unit.h"

static void test_texts_and_numbers(void **state)
{
    struct parameters parameters = {0};

    (void)state;
    parameters_text(&parameters, "text");
    parameters_text(&parameters, NULL);
    parameters_number(&parameters, INT64_MIN);
    parameters_number(&parameters, INT64_MAX);
    parameters_timestamp(&parameters, 1645351200);
    assert_int_equal(parameters.count, 5);
    assert_string_equal(parameters.values[0], "text");
    assert_null(parameters.values[1]);
    assert_string_equal(parameters.values[2], "-9223372036854775808");
    assert_string_equal(parameters.values[3], "9223372036854775807");
    assert_string_equal(parameters.values[4], "2022-02-20T10:00:00");
    assert_int_equal(parameters.types[0], 0);
    assert_int_equal(parameters.types[2], 20);
    assert_int_equal(parameters.types[4], 1114);
    for (int i = 0; i < parameters.count; i++)
        assert_int_equal(parameters.formats[i], 0);
}

static void is_sent_as(struct array *array, Oid type, const char *bytes, size_t size)
{
    struct parameters parameters = {0};

    parameters_array(&parameters, array);
    assert_int_equal(parameters.types[0], type);
    assert_int_equal(parameters.formats[0], 1);
    assert_int_equal(parameters.sizes[0], size);
    assert_memory_equal(parameters.values[0], bytes, size);
}

/* Bytes of a literal without the NUL that C puts behind it. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static void test_array_of_texts(void **state)
{
    cleanup(array_release) struct array array = {0};

    (void)state;
    array_begin(&array, ARRAY_TEXT);
    array_add(&array, (union element){.bytes = slice_of("ab")});
    array_add(&array, (union element){.bytes = slice_of("")});
    is_sent_as(&array, 1009,
               BYTES("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"
                     "\0\0\0\2"
                     "ab"
                     "\0\0\0\0"));
}

static void test_array_of_numbers(void **state)
{
    cleanup(array_release) struct array array = {0};

    (void)state;
    array_begin(&array, ARRAY_BIGINT);
    array_add(&array, (union element){-2});
    is_sent_as(&array, 1016,
               BYTES("\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0\0\0\1\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe"));
    array_begin(&array, ARRAY_INTEGER);
    array_add(&array, (union element){258});
    is_sent_as(&array, 1007, BYTES("\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\1\0\0\0\1\0\0\0\4\0\0\1\2"));
}

/* Timestamps are microseconds since 2000-01-01. */
static void test_array_of_timestamps(void **state)
{
    cleanup(array_release) struct array array = {0};

    (void)state;
    array_begin(&array, ARRAY_TIMESTAMP);
    array_add(&array, (union element){946684800 + 1});
    is_sent_as(&array, 1115, BYTES("\0\0\0\1\0\0\0\0\0\0\4\x5a\0\0\0\1\0\0\0\1\0\0\0\x8\0\0\0\0\0\xf\x42\x40"));
}

static void test_empty_array_has_no_dimension(void **state)
{
    cleanup(array_release) struct array array = {0};

    (void)state;
    array_begin(&array, ARRAY_BYTEA);
    is_sent_as(&array, 1001, BYTES("\0\0\0\0\0\0\0\0\0\0\0\x11"));
}

static void test_tombstone_payload(void **state)
{
    cleanup(array_release) struct array array = {0};

    (void)state;
    array_begin(&array, ARRAY_BYTEA);
    array_add(&array, (union element){.bytes = (struct slice){NULL, 0}});
    is_sent_as(&array, 1001, BYTES("\0\0\0\1\0\0\0\0\0\0\0\x11\0\0\0\1\0\0\0\1\0\0\0\0"));
}

static void test_columns_become_parameters(void **state)
{
    cleanup(columns_release) struct columns columns = {0};
    struct parameters parameters = {0};

    (void)state;
    columns_begin(&columns, (const enum array_element[]){ARRAY_INTEGER, ARRAY_TEXT, ARRAY_TIMESTAMP, ARRAY_END});
    columns_add(&columns, (const union element[]){{7}, {.bytes = slice_of("a")}, {946684800}});
    columns_add(&columns, (const union element[]){{8}, {.bytes = slice_of("b")}, {946684800}});
    assert_int_equal(columns_rows(&columns), 2);
    parameters_arrays(&parameters, &columns, 1, 2);
    parameters_columns(&parameters, &columns);
    parameters_flag(&parameters, true);
    assert_int_equal(parameters.count, 5);
    assert_int_equal(parameters.types[0], 1009);
    assert_int_equal(parameters.types[1], 1007);
    assert_int_equal(parameters.types[3], 1115);
    assert_string_equal(parameters.values[4], "true");
    /* Columns that are begun again are empty. */
    columns_begin(&columns, (const enum array_element[]){ARRAY_BIGINT, ARRAY_END});
    assert_int_equal(columns_rows(&columns), 0);
}

static void becomes(const char *sql, const char *table, const char *expected)
{
    const char *const pairs[][2] = {{"table", table}, {"other", "o"}, {NULL, NULL}};
    cleanup(memory_free) char *text = postgres_with_tables(sql, pairs);

    assert_string_equal(text, expected);
}

static void test_table_names_are_quoted(void **state)
{
    (void)state;
    becomes("SELECT FROM :\"table\" WHERE", "bytes", "SELECT FROM \"bytes\" WHERE");
    becomes(":\"table\"", "Bytes Of \"Mine\"", "\"Bytes Of \"\"Mine\"\"\"");
    becomes(":\"table\"", "telco.bytes", "\"telco\".\"bytes\"");
    becomes(":\"table\"", "x\"; DROP TABLE y; --", "\"x\"\"; DROP TABLE y; --\"");
    becomes(":\"other\" :\"table\" :\"table\"", "t", "\"o\" \"t\" \"t\"");
    becomes(":\"unknown\" $1::bigint[]", "t", ":\"unknown\" $1::bigint[]");
    becomes("nothing", "t", "nothing");
    becomes("", "t", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_and_numbers),
        cmocka_unit_test(test_array_of_texts),
        cmocka_unit_test(test_array_of_numbers),
        cmocka_unit_test(test_array_of_timestamps),
        cmocka_unit_test(test_empty_array_has_no_dimension),
        cmocka_unit_test(test_tombstone_payload),
        cmocka_unit_test(test_columns_become_parameters),
        cmocka_unit_test(test_table_names_are_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
