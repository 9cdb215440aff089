/* CSV files, and those of users: what was read, written with every field in quotes, reads the same again. */
#include "base/buffer.h"
#include "base/csv.h"
#include "config/users_file.h"
#include "fuzz.h"

/* Writes a row with every field in quotes. */
static void quote_row(const struct csv_row *row, struct buffer *text)
{
    for (size_t i = 0; i < row->count; i++) {
        buffer_text(text, i ? ",\"" : "\"");
        for (const char *byte = row->fields[i]; *byte; byte++)
            buffer_append(text, *byte == '"' ? "\"\"" : byte, *byte == '"' ? 2 : 1);
        buffer_text(text, "\"");
    }
    buffer_text(text, "\n");
}

/* Reads a file to its end, and writes its rows. Returns how reading ended: 1, or -1 for a file that is no CSV. */
static int quote_file(const char *path, struct buffer *text)
{
    struct csv_row row;
    struct error error = {0};
    struct csv *csv;
    int status;

    if (csv_open(path, &csv, &error))
        return -1;
    while ((status = csv_next(csv, &row, &error)) == 0) {
        promise(row.count >= 1 && row.count <= CSV_FIELDS_MAX);
        quote_row(&row, text);
    }
    csv_close(csv);
    return status;
}

static void check_users(const char *path)
{
    struct users users;
    struct error error = {0};

    if (users_file_load(path, &users, &error)) {
        promise(*error.message);
        return;
    }
    for (size_t i = 0; i < users.count; i++)
        promise(*users.list[i].id && *users.list[i].email && users.list[i].quota >= 0);
    users_release(&users);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file, again;
    static char path[FUZZ_PATH_SIZE], again_path[FUZZ_PATH_SIZE];
    struct buffer rows = {0}, same = {0};

    if (!file) {
        file = fuzz_file(path);
        again = fuzz_file(again_path);
    }
    fuzz_write(file, data, size);
    if (quote_file(path, &rows) > 0 && rows.size) {
        fuzz_write(again, rows.data, rows.size);
        promise(quote_file(again_path, &same) > 0);
        promise(same.size == rows.size && memcmp(same.data, rows.data, rows.size) == 0);
    }
    check_users(path);
    buffer_release(&rows);
    buffer_release(&same);
    return 0;
}
