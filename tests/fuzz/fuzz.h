/* What the libFuzzer targets share: a promise is kept or the program ends, and inputs as text and as file. */
#ifndef ANTENNA_TESTS_FUZZ_H
#define ANTENNA_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** Ends the program, with the input kept by libFuzzer, unless a promise is kept. */
#define promise(kept) ((kept) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #kept), abort()))

/** libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A file in memory whose path is `path`, FUZZ_PATH_SIZE bytes. Returns its descriptor. */
#define FUZZ_PATH_SIZE 32
static inline int fuzz_file(char path[FUZZ_PATH_SIZE])
{
    int file = memfd_create("fuzz", MFD_CLOEXEC);

    promise(file >= 0);
    snprintf(path, FUZZ_PATH_SIZE, "/proc/self/fd/%d", file);
    return file;
}

/** Replaces what a file holds. */
static inline void fuzz_write(int file, const void *data, size_t size)
{
    promise(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
}

/** The input as text, up to its first NUL. Free it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);

    promise(text != NULL);
    return text;
}

#endif
