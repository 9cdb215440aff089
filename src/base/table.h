/* Rows of texts in columns that are as wide as their texts, two blanks apart. */
#ifndef ANTENNA_BASE_TABLE_H
#define ANTENNA_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"

struct table_column {
    const char *title;
    bool left; /* aligned, as texts are; numbers are aligned right */
};

/** Release with table_release(). */
struct table {
    const struct table_column *columns;
    size_t column_count;
    char **cells; /* row by row, the titles first */
    size_t cell_count;
};

/** Begins a table with these columns, which must outlive it. */
void table_begin(struct table *table, const struct table_column *columns, size_t count);

/** Adds the next cell of the row, or the first of the next row. */
void table_cell(struct table *table, const char *format, ...) printf_like(2, 3);

/** Appends the table, a line for the titles and one a row, to `ret_text`. */
void table_write(const struct table *table, struct buffer *ret_text);

/** Frees the cells. Fits cleanup(). */
void table_release(struct table *table);

#endif
