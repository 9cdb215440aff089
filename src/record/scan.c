#include "record/scan.h"

#include <string.h>

#define INTEGER_DIGITS_MAX 18 /* always fits int64 */

enum field { FIELD_TIMESTAMP = 1, FIELD_ID = 2, FIELD_ANTENNA_ID = 4, FIELD_BYTES = 8, FIELD_APP = 16 };

#define FIELDS_ALL 31u

struct scanner {
    const char *next;
    const char *end;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\n' || character == '\t' || character == '\r';
}

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->next < scanner->end && is_blank(*scanner->next))
        scanner->next++;
}

static bool take(struct scanner *scanner, char character)
{
    skip_blanks(scanner);
    if (scanner->next == scanner->end || *scanner->next != character)
        return false;
    scanner->next++;
    return true;
}

/* The high bit of each byte that a plain string cannot hold: '"', '\\', below 0x20, 0x7f and above. Exact for the
 * lowest marked byte, which is all that is used (Mycroft's test, see Warren, Hacker's Delight, 6-1). */
static uint64_t mark_special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');

    return ((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & highs;
}

static bool is_special(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

/* Takes a plain string, quotes included. */
static bool take_string(struct scanner *scanner, struct slice *ret_text)
{
    const char *next, *begin;

    if (!take(scanner, '"'))
        return false;
    begin = next = scanner->next;
    while (scanner->end - next >= 8) {
        uint64_t word, marks;

        memcpy(&word, next, sizeof(word));
        marks = mark_special(word);
        if (marks) {
            next += __builtin_ctzll(marks) / 8;
            break;
        }
        next += sizeof(word);
    }
    while (next < scanner->end && !is_special((unsigned char)*next))
        next++;
    if (next == scanner->end || *next != '"')
        return false;
    *ret_text = (struct slice){begin, (size_t)(next - begin)};
    scanner->next = next + 1;
    return true;
}

static bool take_text(struct scanner *scanner, struct slice *ret_text)
{
    return take_string(scanner, ret_text) && ret_text->size > 0 && ret_text->size <= RECORD_TEXT_SIZE_MAX;
}

/* Behind a number another digit, a fraction and an exponent would go on with it. */
static bool ends_number(char character)
{
    return character == ',' || character == '}' || is_blank(character);
}

static bool take_integer(struct scanner *scanner, int64_t *ret_number)
{
    const char *begin;
    int64_t number = 0;

    skip_blanks(scanner);
    begin = scanner->next;
    while (scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '9' &&
           scanner->next - begin < INTEGER_DIGITS_MAX)
        number = number * 10 + (*scanner->next++ - '0');
    if (scanner->next == begin || (*begin == '0' && scanner->next - begin > 1))
        return false;
    if (scanner->next < scanner->end && !ends_number(*scanner->next))
        return false;
    *ret_number = number;
    return true;
}

/* Takes a name of ours, quotes included. */
static bool take_name(struct scanner *scanner, const char *quoted, size_t size)
{
    if ((size_t)(scanner->end - scanner->next) < size || memcmp(scanner->next, quoted, size) != 0)
        return false;
    scanner->next += size;
    return true;
}

#define TAKE_NAME(scanner, name) take_name(scanner, "\"" name "\"", sizeof(name) + 1)

/* Takes a field, name and value; 0 when the name is not one of ours or the value not plain. */
static unsigned take_field(struct scanner *scanner, struct record *record)
{
    skip_blanks(scanner);
    if (TAKE_NAME(scanner, "timestamp"))
        return take(scanner, ':') && take_integer(scanner, &record->timestamp) ? FIELD_TIMESTAMP : 0;
    if (TAKE_NAME(scanner, "id"))
        return take(scanner, ':') && take_text(scanner, &record->id) ? FIELD_ID : 0;
    if (TAKE_NAME(scanner, "antenna_id"))
        return take(scanner, ':') && take_text(scanner, &record->antenna_id) ? FIELD_ANTENNA_ID : 0;
    if (TAKE_NAME(scanner, "bytes"))
        return take(scanner, ':') && take_integer(scanner, &record->bytes) ? FIELD_BYTES : 0;
    if (TAKE_NAME(scanner, "app"))
        return take(scanner, ':') && take_text(scanner, &record->app) ? FIELD_APP : 0;
    return 0;
}

bool scan_record(const char *json, size_t size, struct record *ret_record)
{
    struct scanner scanner = {json, json + size};
    unsigned seen = 0;

    if (!take(&scanner, '{'))
        return false;
    do {
        unsigned field = take_field(&scanner, ret_record);

        if (!field || (seen & field))
            return false;
        seen |= field;
    } while (take(&scanner, ','));
    if (seen != FIELDS_ALL || !take(&scanner, '}'))
        return false;
    skip_blanks(&scanner);
    return scanner.next == scanner.end;
}
