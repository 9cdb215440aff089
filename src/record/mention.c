#include "record/mention.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define HEX_DIGITS 4

/* Surrogates, two of which are one character (RFC 8259, 7). */
#define HIGH_FIRST 0xD800u
#define LOW_FIRST 0xDC00u
#define LOW_LAST 0xDFFFu

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool find(struct slice text, bool cut, struct slice name)
{
    for (size_t at = 0; at < text.size; at++) {
        size_t left = text.size - at, size = cut && left < name.size ? left : name.size;

        if (left < size || memcmp(text.data + at, name.data, size) != 0)
            continue;
        if (at > 0 && is_word(text.data[at - 1]) && is_word(name.data[0]))
            continue;
        if (left > size && is_word(text.data[at + size]) && is_word(name.data[size - 1]))
            continue;
        return true;
    }
    return false;
}

/* Reads the code of \uXXXX, from its u on; returns false if there is none. */
static bool read_code(const char *from, const char *end, uint32_t *ret_code)
{
    char digits[HEX_DIGITS + 1] = "";

    if (end - from <= HEX_DIGITS || *from != 'u')
        return false;
    memcpy(digits, from + 1, HEX_DIGITS);
    for (int i = 0; i < HEX_DIGITS; i++)
        if (!isxdigit((unsigned char)digits[i]))
            return false;
    *ret_code = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

static void append_code(struct buffer *plain, uint32_t code)
{
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(size == 1 ? code : (0xF00u >> size & 0xF0u) | code);
    buffer_append(plain, bytes, size);
}

/* Appends the character that an escape means, from behind its backslash; returns the length of the escape. */
static size_t append_escaped(struct buffer *plain, const char *from, const char *end)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    const char *letter;
    uint32_t code, low;

    if (read_code(from, end, &code)) {
        const char *next = from + 1 + HEX_DIGITS;
        bool pair = code >= HIGH_FIRST && code < LOW_FIRST && end - next > 1 && *next == '\\' &&
                    read_code(next + 1, end, &low) && low >= LOW_FIRST && low <= LOW_LAST;

        append_code(plain, pair ? 0x10000 + ((code - HIGH_FIRST) << 10) + (low - LOW_FIRST) : code);
        return pair ? 2 * (size_t)(1 + HEX_DIGITS) + 1 : 1 + HEX_DIGITS;
    }
    letter = *from ? strchr(letters, *from) : NULL;
    buffer_append(plain, letter ? &controls[letter - letters] : from, 1);
    return 1;
}

/* Searches the text as it is, and once more with all escapes resolved: the message is no valid JSON, so it is unknown
 * which of its parts are strings. */
bool mention_find(struct slice text, bool cut, const char *name)
{
    cleanup(buffer_release) struct buffer plain = {0};
    const char *end;

    if (find(text, cut, slice_of(name)))
        return true;
    if (text.size == 0 || !memchr(text.data, '\\', text.size))
        return false;
    end = text.data + text.size;
    for (const char *byte = text.data; byte < end; byte++)
        if (*byte == '\\' && byte + 1 < end)
            byte += append_escaped(&plain, byte + 1, end);
        else
            buffer_append(&plain, byte, 1);
    return find((struct slice){plain.data, plain.size}, cut, slice_of(name));
}
