/* What every unit test includes, in the order that cmocka wants. */
#ifndef ANTENNA_TESTS_UNIT_H
#define ANTENNA_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/** Compares a slice with a text. */
static inline void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.size, strlen(text));
    assert_memory_equal(slice.data, text, slice.size);
}

/** Asserts that an error's message or hint contains a text. */
#define assert_error_says(error, text)                                                                                 \
    assert_true(strstr((error).message, (text)) != NULL || strstr((error).hint, (text)) != NULL)

/** Writes a new temporary file and puts its path, at least 32 bytes, into `path`. */
static inline void write_temporary(char *path, const char *text, size_t size)
{
    int file;

    strcpy(path, "/tmp/antenna-test-XXXXXX");
    file = mkstemp(path);
    assert_true(file >= 0);
    FILE *stream = fdopen(file, "w");
    assert_int_equal(fwrite(text, 1, size, stream), size);
    fclose(stream);
}

#endif
