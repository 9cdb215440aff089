/* Texts that come from outside, looked at, and made harmless before a person sees them. */
#ifndef ANTENNA_BASE_TEXT_H
#define ANTENNA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_SHOWN_SIZE 512

/** Bytes of the mark that some editors put before UTF-8 (U+FEFF); 0 when the text has none. */
size_t text_mark_size(const char *text);

/** Whether all bytes are UTF-8 (RFC 3629). */
bool text_is_utf8(const char *text);

/**
 * Puts a question mark instead of what a terminal could obey or be deceived by: control characters (C0, DEL, C1),
 * those that change the direction of text, separators of lines, and bytes that are not UTF-8.
 */
void text_make_printable(char *text);

/** What a terminal may show of a text. */
struct text_shown {
    char text[TEXT_SHOWN_SIZE];
};

/** A printable copy, cut when it is too long: `printf("%s", text_show(name).text)`. */
struct text_shown text_show(const char *text);

/**
 * How many bytes of a printable text take at most so many columns of a terminal; `ret_columns` is how many they take,
 * by Unicode's annex 11: 2 for a wide character, 0 for a mark that combines with the one before it.
 */
size_t text_fit(const char *text, size_t columns, size_t *ret_columns);

#endif
