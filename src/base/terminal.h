/* A terminal that people look at: whether text can be placed there, and how much of it is seen. */
#ifndef ANTENNA_BASE_TERMINAL_H
#define ANTENNA_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/** Takes the cursor back to the beginning of the terminal's line and empties it (ECMA-48: CR, EL). */
#define TERMINAL_CLEAR_LINE "\r\033[K"

struct terminal_size {
    size_t lines, columns;
};

/** Whether TERM says that the terminal cannot place text, or does not say what it is. */
bool terminal_is_dumb(void);

/** Whether a file is a terminal on which a line can be written over. */
bool terminal_shows_progress(int file);

/** How large the terminal is now: 24 lines and 80 columns where it does not tell. */
struct terminal_size terminal_size(int file);

/** Takes the place of the last line of stderr with a text, cut to what fits into one line. */
void terminal_show(const char *text);

#endif
