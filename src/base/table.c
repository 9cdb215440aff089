#include "base/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define GAP "  "

static void add_cell(struct table *table, char *text)
{
    table->cells = memory_resize(table->cells, table->cell_count + 1, sizeof(*table->cells));
    table->cells[table->cell_count++] = text;
}

void table_begin(struct table *table, const struct table_column *columns, size_t count)
{
    *table = (struct table){.columns = columns, .column_count = count};
    for (size_t i = 0; i < count; i++)
        add_cell(table, memory_printf("%s", columns[i].title));
}

void table_cell(struct table *table, const char *format, ...)
{
    cleanup(buffer_release) struct buffer text = {0};
    va_list arguments;

    buffer_text(&text, "");
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    add_cell(table, memory_text(text.data, text.size));
}

static size_t width_of(const char *text)
{
    size_t columns;

    text_fit(text, SIZE_MAX, &columns);
    return columns;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t widest = 0;

    for (size_t i = column; i < table->cell_count; i += table->column_count) {
        size_t width = width_of(table->cells[i]);

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void write_cell(const struct table *table, size_t index, size_t column, size_t width, struct buffer *ret_text)
{
    int padding = (int)(width - width_of(table->cells[index]));
    bool left = table->columns[column].left, last = column + 1 == table->column_count;

    buffer_text(ret_text, column ? GAP : "");
    buffer_printf(ret_text, "%*s%s%*s", left ? 0 : padding, "", table->cells[index], left && !last ? padding : 0, "");
}

void table_write(const struct table *table, struct buffer *ret_text)
{
    size_t *widths = memory_new(table->column_count, sizeof(*widths));
    size_t column;

    invariant(table->cell_count % table->column_count == 0);
    for (column = 0; column < table->column_count; column++)
        widths[column] = column_width(table, column);
    column = 0;
    for (size_t i = 0; i < table->cell_count; i++) {
        write_cell(table, i, column, widths[column], ret_text);
        if (++column < table->column_count)
            continue;
        buffer_text(ret_text, "\n");
        column = 0;
    }
    free(widths);
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}
