#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a UTF-8 sequence that begins with this byte (RFC 3629), 0 when none does. */
static size_t sequence_size(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Reads a character of `size` bytes; false when they are no UTF-8: cut off, overlong, a surrogate or beyond Unicode. */
static bool decode(const unsigned char *bytes, size_t size, uint32_t *ret_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t character = size == 1 ? bytes[0] : bytes[0] & (0xffu >> (size + 1));

    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        character = character << 6 | (bytes[i] & 0x3f);
    }
    *ret_character = character;
    return size && character >= least[size] && character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
}

/* The size of the character that a text of `size` bytes begins with; 0 when that is no UTF-8. */
static size_t next_character(const char *text, size_t size, uint32_t *ret_character)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t taken = sequence_size(*bytes);

    return taken && taken <= size && decode(bytes, taken, ret_character) ? taken : 0;
}

size_t text_mark_size(const char *text)
{
    static const char mark[] = "\xef\xbb\xbf";

    return strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}

bool text_is_utf8(const char *text)
{
    size_t left = strlen(text), taken = 0;
    uint32_t character;

    for (; left; text += taken, left -= taken)
        if ((taken = next_character(text, left, &character)) == 0)
            return false;
    return true;
}

/* Control characters; then, as Unicode's annex 9 has them, marks, embeddings and isolates, and separators of lines. */
static bool is_harmful(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
           (character >= 0x200e && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

void text_make_printable(char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length;) {
        uint32_t character;
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
    size_t size = 0, taken = 0;

    while (text[size]) {
        size_t bytes = sequence_size((unsigned char)text[size]), wide = bytes > 1 ? 2 : 1;

        if (taken + wide > columns)
            break;
        taken += wide;
        size += bytes ? strnlen(text + size, bytes) : 1;
    }
    *ret_columns = taken;
    return size;
}
