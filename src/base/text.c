#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <utf8proc.h>

/* The size of the character that a text of `size` bytes begins with; 0 when that is no UTF-8. */
static size_t next_character(const char *text, size_t size, int32_t *ret_character)
{
    ssize_t taken = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, ret_character);

    return taken < 0 ? 0 : (size_t)taken;
}

size_t text_mark_size(const char *text)
{
    static const char mark[] = "\xef\xbb\xbf";

    return strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}

bool text_is_utf8(const char *text)
{
    size_t left = strlen(text), taken = 0;
    int32_t character;

    for (; left; text += taken, left -= taken)
        if ((taken = next_character(text, left, &character)) == 0)
            return false;
    return true;
}

/* Characters that a terminal could obey, or that could deceive a reader: control characters; then, by Unicode's annex
 * 9, marks, embeddings and isolates, which change the direction of text; and separators of lines. */
static bool is_harmful(int32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
           (character >= 0x200e && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

void text_make_printable(char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length;) {
        int32_t character;
        size_t size = next_character(text + i, length - i, &character);

        if (size == 0)
            text[i++] = '?';
        else {
            if (is_harmful(character))
                memset(text + i, '?', size);
            i += size;
        }
    }
}

struct text_shown text_show(const char *text)
{
    struct text_shown shown;

    snprintf(shown.text, sizeof(shown.text), "%s", text);
    text_make_printable(shown.text);
    return shown;
}

size_t text_fit(const char *text, size_t columns, size_t *ret_columns)
{
    size_t length = strlen(text), size = 0, taken = 0;

    while (size < length) {
        int32_t character;
        size_t bytes = next_character(text + size, length - size, &character);
        size_t wide = bytes ? (size_t)utf8proc_charwidth(character) : 1;

        if (taken + wide > columns)
            break;
        taken += wide;
        size += bytes ? bytes : 1;
    }
    *ret_columns = taken;
    return size;
}
