/* A growing run of bytes: text and binary values are built in it. */
#ifndef ANTENNA_BASE_BUFFER_H
#define ANTENNA_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"

/** Zero-initialise before use; `data` holds a NUL after `size` bytes once anything was appended. */
struct buffer {
    char *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
};

/** Makes room for `size` more bytes and returns where they begin; the caller writes them and adds to `size`. */
char *buffer_reserve(struct buffer *buffer, size_t size);

/** Appends bytes. */
void buffer_append(struct buffer *buffer, const void *data, size_t size);

/** Appends a NUL-terminated text. */
void buffer_text(struct buffer *buffer, const char *text);

/** Appends a text made by printf's rules. */
void buffer_printf(struct buffer *buffer, const char *format, ...) printf_like(2, 3);

/** The same with arguments as vprintf() takes them. */
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) printf_like(2, 0);

/** Appends a text as a JSON string, quoted and escaped. */
void buffer_json_string(struct buffer *buffer, struct slice text);

/** Forgets the contents and keeps the memory. */
void buffer_clear(struct buffer *buffer);

/** Frees the memory; the buffer can be used again. Fits cleanup(). */
void buffer_release(struct buffer *buffer);

#endif
