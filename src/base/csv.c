#include "base/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define READ_SIZE 65536

/* Fields are unquoted in place, as they only become shorter: rows need no memory of their own. */
struct csv {
    char *path;
    struct buffer text;
    char *next;
    size_t line;
};

static int read_file(FILE *file, const char *path, struct buffer *ret_text, struct error *error)
{
    for (;;) {
        size_t size = fread(buffer_reserve(ret_text, READ_SIZE), 1, READ_SIZE - 1, file);

        ret_text->size += size;
        if (ret_text->size > CSV_SIZE_MAX)
            return error_set(error, ANT_CSV_INVALID, "\"%s\" has more than %d bytes", path, CSV_SIZE_MAX);
        if (size == 0)
            break;
    }
    if (ferror(file))
        return error_set(error, ANT_CSV_UNREADABLE, "could not read \"%s\": %s", path, strerror(errno));
    buffer_append(ret_text, "", 0);
    if (memchr(ret_text->data, '\0', ret_text->size))
        return error_set(error, ANT_CSV_INVALID, "\"%s\" contains a NUL byte and is no CSV file", path);
    return 0;
}

int csv_open(const char *path, struct csv **ret_csv, struct error *error)
{
    FILE *file = fopen(path, "re");
    struct csv *csv;
    int status;

    if (!file)
        return error_set(error, ANT_CSV_UNREADABLE, "could not open \"%s\": %s", path, strerror(errno));
    csv = memory_new(1, sizeof(*csv));
    csv->path = memory_text(path, strlen(path));
    csv->line = 1;
    status = read_file(file, path, &csv->text, error);
    fclose(file);
    if (status) {
        csv_close(csv);
        return -1;
    }
    csv->next = csv->text.data + text_mark_size(csv->text.data);
    *ret_csv = csv;
    return 0;
}

void csv_close(struct csv *csv)
{
    if (!csv)
        return;
    free(csv->path);
    buffer_release(&csv->text);
    free(csv);
}

/* Ends a field at `end`, whose byte it overwrites, after `separator` was found there. Returns whether the row goes on.
 */
static bool finish_field(struct csv *csv, char *end, char *separator)
{
    bool more = *separator == ',';

    csv->next = separator;
    if (*csv->next == '\r' && csv->next[1] == '\n')
        csv->next++;
    if (*csv->next)
        csv->next++;
    if (!more)
        csv->line++;
    *end = '\0';
    return more;
}

/* Returns 1 when the row goes on behind the field. */
static int take_quoted(struct csv *csv, const char **ret_field, struct error *error)
{
    size_t line = csv->line;
    char *from = csv->next + 1, *to = from;

    *ret_field = from;
    for (;; from++) {
        if (*from == '\0')
            return error_set(error, ANT_CSV_INVALID, "\"%s\", line %zu: a quote is not closed", csv->path, line);
        if (*from == '"' && *++from != '"')
            break;
        csv->line += *from == '\n';
        *to++ = *from;
    }
    if (!strchr(",\r\n", *from))
        return error_set(error, ANT_CSV_INVALID, "\"%s\", line %zu: text follows a closing quote", csv->path,
                         csv->line);
    return finish_field(csv, to, from);
}

static int take_field(struct csv *csv, const char **ret_field, struct error *error)
{
    char *end;

    if (*csv->next == '"')
        return take_quoted(csv, ret_field, error);
    *ret_field = csv->next;
    end = csv->next + strcspn(csv->next, ",\r\n");
    return finish_field(csv, end, end);
}

int csv_next(struct csv *csv, struct csv_row *ret_row, struct error *error)
{
    int more;

    while (*csv->next == '\n' || *csv->next == '\r') {
        csv->line += *csv->next == '\n';
        csv->next++;
    }
    if (*csv->next == '\0')
        return 1;
    *ret_row = (struct csv_row){.line = csv->line};
    do {
        if (ret_row->count == CSV_FIELDS_MAX)
            return error_set(error, ANT_CSV_INVALID, "\"%s\", line %zu: more than %d fields", csv->path, ret_row->line,
                             CSV_FIELDS_MAX);
        more = take_field(csv, &ret_row->fields[ret_row->count], error);
        if (more < 0)
            return -1;
        ret_row->count++;
    } while (more);
    return 0;
}
