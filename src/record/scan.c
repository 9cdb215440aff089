#include "record/scan.h"

#include <string.h>

/* More digits could overflow int64; jansson decides about those. */
#define INTEGER_DIGITS_MAX 18

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

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lowest byte of a word is the first of the text");

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

/* Any other character would continue the number, by a digit, a fraction or an exponent: that is left to jansson. */
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

#define TAKE_TIME(NAME) take_integer(scanner, &record->timestamp)
#define TAKE_AMOUNT(NAME) take_integer(scanner, &record->bytes)
#define TAKE_TEXT(NAME) take_text(scanner, &record->texts[TEXT_##NAME])
#define TAKE_ID(NAME) TAKE_TEXT(NAME)
#define TAKE_FIELD(NAME, name, alias, kind, required)                                                                  \
    if (TAKE_NAME(scanner, name))                                                                                      \
        return take(scanner, ':') && TAKE_##kind(NAME) ? 1u << FIELD_##NAME : 0;

/* Takes a field, name and value, and returns its bit; 0 when the name is not one of ours or the value not plain. */
static unsigned take_field(struct scanner *scanner, struct record *record)
{
    skip_blanks(scanner);
    RECORD_FIELDS(TAKE_FIELD)
    return 0;
}

/* Fields that are absent are empty. */
static void clear_optional(struct record *record)
{
    for (enum field field = 0; field < FIELDS; field++)
        if (!record_fields[field].required)
            record->texts[record_fields[field].text] = (struct slice){"", 0};
}

#define REQUIRED_BIT(NAME, name, alias, kind, required) bits |= (unsigned)(required) << FIELD_##NAME;

/* A bit for each field without which an event is none. */
static unsigned required_bits(void)
{
    unsigned bits = 0;

    RECORD_FIELDS(REQUIRED_BIT)
    return bits;
}

/* Anything unusual, such as an unknown or repeated field, is left to jansson, which decides whether it is valid: so
 * this scanner only must never accept what jansson rejects (tests/unit/test_record_differential.c). */
bool scan_record(const char *json, size_t size, struct record *ret_record)
{
    struct scanner scanner = {json, json + size};
    unsigned seen = 0;

    if (!take(&scanner, '{'))
        return false;
    clear_optional(ret_record);
    do {
        unsigned field = take_field(&scanner, ret_record);

        if (!field || (seen & field))
            return false;
        seen |= field;
    } while (take(&scanner, ','));
    if ((required_bits() & ~seen) || !take(&scanner, '}'))
        return false;
    skip_blanks(&scanner);
    return scanner.next == scanner.end;
}
