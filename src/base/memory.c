#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without memory nothing can be cleaned up, so exit handlers are skipped by _Exit(). A stop at any instant is safe. */
static void *require(void *memory, size_t count, size_t size)
{
    if (!memory) {
        fprintf(stderr, "antenna: out of memory: could not allocate %zu times %zu bytes\n", count, size);
        _Exit(1);
    }
    return memory;
}

void *memory_new(size_t count, size_t size)
{
    return require(calloc(count ? count : 1, size ? size : 1), count, size);
}

/* calloc() checks the product for overflow, realloc() does not. */
void *memory_resize(void *memory, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return require(NULL, count, size);
    return require(realloc(memory, count && size ? count * size : 1), count, size);
}

char *memory_text(const char *text, size_t size)
{
    char *copy = memory_new(size + 1, 1);

    memcpy(copy, text, size);
    return copy;
}

char *memory_printf(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return require(text, 1, strlen(format));
}

void memory_free(void *pointer_address)
{
    void **pointer = pointer_address;

    free(*pointer);
    *pointer = NULL;
}
