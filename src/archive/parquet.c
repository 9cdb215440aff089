#include "archive/parquet.h"

#include <stdlib.h>
#include <string.h>

#include "archive/database.h"
#include "base/memory.h"

#define MICROSECONDS 1000000

/* The file code of a name that no row of the file has had yet; all bits are set, so that memset() can fill it in. */
#define NO_CODE UINT32_MAX

/* The names of one column of one file, numbered in the order of their first row. That of an absent text is empty. */
struct column_names {
    uint32_t *file_codes; /* by the dictionary's code; NULL: the text is absent from all rows */
    const char **names;
    size_t count;
};

/* The rows that the table function returns. It is registered once, so they are set before each COPY. */
struct source {
    const struct rows_hour *hour;
    struct column_names columns[TEXTS];
    size_t next; /* row */
};

struct parquet {
    enum parquet_codec codec;
    struct database database;
    struct source source;
};

/* The number of codes that the rows may have. The dictionary's count must not be read: the worker's thread may be
 * adding names (record/interner.h). */
static size_t count_codes(const uint32_t *codes, size_t count)
{
    uint32_t last = 0;

    for (size_t i = 0; i < count; i++)
        last = codes[i] > last ? codes[i] : last;
    return (size_t)last + 1;
}

/* DuckDB accepts no ENUM without a name. */
static void add_empty_name(struct column_names *column)
{
    column->names = memory_new(1, sizeof(*column->names));
    column->names[column->count++] = "";
}

/* Gives the names of a file codes of its own, from 0: the dictionary has all names of the worker, and a file only some
 * of them. A small ENUM also has small codes. */
static void collect_names(struct column_names *column, const struct rows_hour *hour, enum text text,
                          const struct dictionary *dictionary)
{
    size_t known, capacity;

    if (!hour->codes[text]) {
        add_empty_name(column);
        return;
    }
    known = count_codes(hour->codes[text], hour->count);
    capacity = known < hour->count ? known : hour->count;
    column->file_codes = memory_new(known, sizeof(*column->file_codes));
    memset(column->file_codes, 0xff, known * sizeof(*column->file_codes));
    column->names = memory_new(capacity, sizeof(*column->names));
    for (size_t i = 0; i < hour->count; i++) {
        uint32_t code = hour->codes[text][i];

        if (column->file_codes[code] != NO_CODE)
            continue;
        column->file_codes[code] = (uint32_t)column->count;
        column->names[column->count++] = dictionary_name(dictionary, (int)text, code).data;
    }
}

static void release_names(struct source *source)
{
    for (int i = 0; i < TEXTS; i++) {
        free(source->columns[i].file_codes);
        free(source->columns[i].names);
    }
}

static void add_column(duckdb_bind_info info, const char *name, duckdb_logical_type type)
{
    duckdb_bind_add_result_column(info, name, type);
    duckdb_destroy_logical_type(&type);
}

static void add_names_column(duckdb_bind_info info, const char *name, const struct column_names *column)
{
    /* The API takes its texts without const and leaves them alone. */
    add_column(info, name, duckdb_create_enum_type((const char **)(uintptr_t)column->names, column->count));
}

static void bind_rows(duckdb_bind_info info)
{
    const struct source *source = duckdb_bind_get_extra_info(info);

    for (enum field field = 0; field < FIELDS; field++) {
        const struct field_entry *entry = &record_fields[field];

        if (entry->kind == FIELD_KIND_TIME)
            add_column(info, entry->name, duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ));
        else if (entry->kind == FIELD_KIND_AMOUNT)
            add_column(info, entry->name, duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
        else
            add_names_column(info, entry->name, &source->columns[entry->text]);
    }
    duckdb_bind_set_cardinality(info, source->hour->count, true);
}

static void init_rows(duckdb_init_info info)
{
    (void)info;
}

/* DuckDB keeps an ENUM's codes in the smallest unsigned type that counts its names. */
static void fill_codes(duckdb_vector vector, const struct source *source, enum text text, size_t count)
{
    const struct column_names *column = &source->columns[text];
    const uint32_t *codes = source->hour->codes[text] + source->next;
    void *data = duckdb_vector_get_data(vector);

    if (column->count <= UINT8_MAX)
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)data)[i] = (uint8_t)column->file_codes[codes[i]];
    else if (column->count <= UINT16_MAX)
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)data)[i] = (uint16_t)column->file_codes[codes[i]];
    else
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)data)[i] = column->file_codes[codes[i]];
}

static uint64_t *writable_validity(duckdb_vector vector)
{
    duckdb_vector_ensure_validity_writable(vector);
    return duckdb_vector_get_validity(vector);
}

static void set_nulls(duckdb_vector vector, const struct source *source, enum text text, size_t count)
{
    const uint32_t *codes = source->hour->codes[text] + source->next;
    uint64_t *validity;

    if (source->columns[text].file_codes[DICTIONARY_ABSENT] == NO_CODE)
        return;
    validity = writable_validity(vector);
    for (size_t i = 0; i < count; i++)
        if (codes[i] == DICTIONARY_ABSENT)
            duckdb_validity_set_row_invalid(validity, i);
}

/* A mask has a bit for each row of a vector, whose size is a multiple of 64. */
static void fill_texts(duckdb_vector vector, const struct source *source, enum text text, size_t count)
{
    if (!source->columns[text].file_codes) {
        memset(writable_validity(vector), 0, duckdb_vector_size() / 8);
        return;
    }
    fill_codes(vector, source, text, count);
    set_nulls(vector, source, text, count);
}

static void fill_times(duckdb_vector vector, const struct source *source, size_t count)
{
    int64_t *times = duckdb_vector_get_data(vector);

    for (size_t i = 0; i < count; i++)
        times[i] = (int64_t)source->hour->timestamps[source->next + i] * MICROSECONDS;
}

/* Called by DuckDB until it returns no row. It has one thread here, so `next` needs no lock. */
static void return_rows(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct source *source = duckdb_function_get_extra_info(info);
    size_t count = source->hour->count - source->next;

    if (count > duckdb_vector_size())
        count = duckdb_vector_size();
    for (enum field field = 0; field < FIELDS; field++) {
        const struct field_entry *entry = &record_fields[field];
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, (idx_t)field);

        if (entry->kind == FIELD_KIND_TIME)
            fill_times(vector, source, count);
        else if (entry->kind == FIELD_KIND_AMOUNT)
            memcpy(duckdb_vector_get_data(vector), source->hour->bytes + source->next, count * sizeof(int64_t));
        else
            fill_texts(vector, source, entry->text, count);
    }
    source->next += count;
    duckdb_data_chunk_set_size(chunk, count);
}

static int register_rows(struct parquet *parquet, struct error *error)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_state state;

    duckdb_table_function_set_name(function, "antenna_rows");
    duckdb_table_function_set_extra_info(function, &parquet->source, NULL);
    duckdb_table_function_set_bind(function, bind_rows);
    duckdb_table_function_set_init(function, init_rows);
    duckdb_table_function_set_function(function, return_rows);
    state = duckdb_register_table_function(parquet->database.connection, function);
    duckdb_destroy_table_function(&function);
    if (state != DuckDBSuccess)
        return error_set(error, ANT_DUCKDB_ANSWER, "could not hand rows to DuckDB");
    return 0;
}

int parquet_open(enum parquet_codec codec, struct parquet **ret_parquet, struct error *error)
{
    struct parquet *parquet = memory_new(1, sizeof(*parquet));

    parquet->codec = codec;
    if (database_open(1, NULL, &parquet->database, error) || register_rows(parquet, error)) {
        parquet_close(parquet);
        return -1;
    }
    *ret_parquet = parquet;
    return 0;
}

void parquet_close(struct parquet *parquet)
{
    if (!parquet)
        return;
    database_release(&parquet->database);
    free(parquet);
}

void parquet_append_target(struct buffer *sql, const char *path, enum parquet_codec codec)
{
    static const char *const codecs[] = {[PARQUET_ZSTD] = "zstd, COMPRESSION_LEVEL 1", [PARQUET_SNAPPY] = "snappy"};

    buffer_text(sql, " TO ");
    database_quote(sql, path);
    buffer_printf(sql, " (FORMAT parquet, COMPRESSION %s, ROW_GROUP_SIZE %d)", codecs[codec], PARQUET_ROW_GROUP_ROWS);
}

static int copy_rows(struct parquet *parquet, const char *path, struct error *error)
{
    cleanup(buffer_release) struct buffer sql = {0};

    buffer_text(&sql, "COPY (SELECT * FROM antenna_rows())");
    parquet_append_target(&sql, path, parquet->codec);
    return database_run(&parquet->database, sql.data, NULL, error);
}

int parquet_write(struct parquet *parquet, const struct rows_hour *hour, const struct dictionary *dictionary,
                  const char *path, int64_t *ret_size, struct error *error)
{
    int status;

    parquet->source = (struct source){.hour = hour};
    for (int i = 0; i < TEXTS; i++)
        collect_names(&parquet->source.columns[i], hour, (enum text)i, dictionary);
    status = copy_rows(parquet, path, error);
    release_names(&parquet->source);
    if (status)
        return error_context(error, "could not write \"%s\"", path);
    return disk_sync_file(path, ret_size, error);
}
