/* A read-only run of bytes that somebody else owns; not NUL-terminated. */
#ifndef ANTENNA_BASE_SLICE_H
#define ANTENNA_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data;
    size_t size; /* bytes */
};

/** The slice of a NUL-terminated text, without the NUL. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/** Whether both hold the same bytes. */
static inline bool slice_equal(struct slice left, struct slice right)
{
    return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

/** Order by bytes, a prefix first: the order of PostgreSQL's collation "C". Negative, zero or positive. */
static inline int slice_compare(struct slice left, struct slice right)
{
    int order = memcmp(left.data, right.data, left.size < right.size ? left.size : right.size);

    if (order)
        return order;
    return (left.size > right.size) - (left.size < right.size);
}

#endif
