/*
 * A progress bar on the last line of a terminal; nothing at all where stderr is none, or a dumb one. One thread.
 */
#ifndef ANTENNA_BASE_BAR_H
#define ANTENNA_BASE_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct bar {
    bool terminal;
    int64_t begin_ms;
    int64_t shown_ms;
};

/** Begins to measure time. */
void bar_begin(struct bar *bar);

/** Shows a share (0 to 1) of the work as done, with words behind it, and the time that is left at the pace so far. */
void bar_show(struct bar *bar, double share, const char *format, ...) printf_like(3, 4);

/** Shows words alone: of work that has no end. */
void bar_say(struct bar *bar, const char *format, ...) printf_like(2, 3);

/** Removes it. */
void bar_end(struct bar *bar);

/** Seconds since bar_begin(). */
double bar_seconds(const struct bar *bar);

#endif
