/*
 * The whole screen of a terminal, written again in place. It takes a handful of control sequences that every terminal
 * has obeyed for decades (ECMA-48, and xterm's for the alternate screen), and no library: a screen of text that is
 * written whole has nothing for ncurses to save.
 *
 * One screen a process, used by one thread. However the process ends, the terminal is as it was before.
 */
#ifndef ANTENNA_BASE_SCREEN_H
#define ANTENNA_BASE_SCREEN_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/terminal.h"

/** How the first line is shown; without colours (variable NO_COLOR) as plain text. */
enum screen_tone { SCREEN_CALM, SCREEN_ALARM };

/**
 * Takes the terminal of standard output. Error: ERROR_CONFIGURATION when that is none, or one that cannot do it
 * (TERM=dumb). End with screen_close().
 */
int screen_open(struct error *error) must_check;

/** Gives the terminal back as it was. */
void screen_close(void);

/** Its size now. */
struct terminal_size screen_size(void);

/** Writes the first line and, from the third on, the text; what is too long for a line or the screen is truncated. */
void screen_draw(enum screen_tone tone, const char *first, const char *text);

/**
 * Waits up to `milliseconds` for a key, for `file` to become readable (-1: none), for another size or for a signal.
 * Returns whether the key q was pressed, or nobody is there any more to press it.
 */
bool screen_wait(int file, int milliseconds) must_check;

#endif
