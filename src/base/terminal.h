/*
 * A terminal that people look at: whether text can be placed there, how much of it is seen, and a progress bar on its
 * last line. One thread shows a bar.
 */
#ifndef ANTENNA_BASE_TERMINAL_H
#define ANTENNA_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/** Takes the cursor back to the beginning of the terminal's line and empties it (ECMA-48: CR, EL). */
#define TERMINAL_CLEAR_LINE "\r\033[K"

struct terminal_size {
    size_t lines, columns;
};

/** Whether TERM says that the terminal cannot place text, or does not say what it is. */
bool terminal_is_dumb(void);

/** Whether a file is a terminal on which a line can be written over. */
bool terminal_shows_progress(int file);

/** How large the terminal is now: 24 lines and 80 columns where it is unknown. */
struct terminal_size terminal_size(int file);

/** Replaces the last line of stderr with a text, cut to what fits into one line. */
void terminal_show(const char *text);

/** A progress bar; nothing is shown where stderr is no terminal, or a dumb one. */
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
void bar_show_text(struct bar *bar, const char *format, ...) printf_like(2, 3);

/** Removes it. */
void bar_end(struct bar *bar);

/** Seconds since bar_begin(). */
double bar_seconds(const struct bar *bar);

#endif
