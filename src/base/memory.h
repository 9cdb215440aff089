/*
 * Memory. An allocation that fails prints one line and ends the process with exit code 1: a stop at any instant is
 * safe by the exactly-once protocol, and no caller could do better.
 */
#ifndef ANTENNA_BASE_MEMORY_H
#define ANTENNA_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define MEBIBYTE ((int64_t)1024 * 1024)

/** In which the sizes of files and tables are shown to people. */
#define MEGABYTE 1e6

/** `count` elements of `size` bytes each, zeroed. Free with free(). */
void *memory_new(size_t count, size_t size) must_check;

/** Resizes to `count` elements of `size` bytes; new elements are not initialised. Free with free(). */
void *memory_resize(void *memory, size_t count, size_t size) must_check;

/** A copy of `size` bytes of text with a NUL after them. Free with free(). */
char *memory_text(const char *text, size_t size) must_check;

/** A text made by printf's rules. Free with free(). */
char *memory_printf(const char *format, ...) printf_like(1, 2) must_check;

/** For `cleanup(memory_free)` on a `char *` (or any pointer's address cast to `void *`). */
void memory_free(void *pointer_address);

#endif
