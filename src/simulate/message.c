#include "simulate/message.h"

#include <string.h>

#define NUMBER_DIGITS_MAX 20

#define PREFIX(NAME, name, alias, kind, required) [FIELD_##NAME] = {"\"" name "\": ", sizeof("\"" name "\": ") - 1},

static const struct slice prefixes[FIELDS] = {RECORD_FIELDS(PREFIX)};

/* What goes wrong with one field: a value in its place, or none where the field is left out. */
struct fault {
    enum field field;
    const char *value;
};

static const struct fault faults[] = {
    {FIELD_TIMESTAMP, NULL},
    {FIELD_ID, NULL},
    {FIELD_ANTENNA_ID, NULL},
    {FIELD_BYTES, NULL},
    {FIELD_APP, NULL},
    {FIELD_TIMESTAMP, "\"2022-02-20T10:00:00Z\""},
    {FIELD_TIMESTAMP, "1645351200.5"},
    {FIELD_TIMESTAMP, "1645351200000"}, /* milliseconds */
    {FIELD_TIMESTAMP, "-1"},
    {FIELD_TIMESTAMP, "null"},
    {FIELD_ID, "17"},
    {FIELD_ID, "\"\""},
    {FIELD_ID, "\"\xff\xfe\""}, /* bytes that UTF-8 never has */
    {FIELD_ANTENNA_ID, "null"},
    {FIELD_BYTES, "\"512\""},
    {FIELD_BYTES, "-1"},
    {FIELD_BYTES, "9223372036854775808"}, /* one more than 64 bits hold */
    {FIELD_APP, "[\"SKYPE\"]"},
    {FIELD_APP, "\"SKYPE\", \"app\": \"SKYPE\""},
};

/* What replaces the message. */
static const char *const replacements[] = {"", "not JSON", "[]", "null", "\"text\"", "{}"};

#define FAULTS (sizeof(faults) / sizeof(*faults))
#define REPLACEMENTS (sizeof(replacements) / sizeof(*replacements))

/* The two kinds beside the tables: a truncated message, and a tombstone. */
_Static_assert(FAULTS + REPLACEMENTS + 2 == MALFORMED_KINDS, "the number of kinds belongs to the tables");

static void append_number(struct buffer *text, uint64_t number)
{
    char digits[NUMBER_DIGITS_MAX];
    size_t first = NUMBER_DIGITS_MAX;

    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    buffer_append(text, digits + first, NUMBER_DIGITS_MAX - first);
}

static void append_value(const struct population *population, const struct coded_event *event, enum field field,
                         struct buffer *text)
{
    const struct field_entry *entry = &record_fields[field];

    if (entry->kind == FIELD_KIND_TIME)
        append_number(text, event->timestamp);
    else if (entry->kind == FIELD_KIND_AMOUNT)
        append_number(text, (uint64_t)event->bytes);
    else
        population_json(population, entry->text, event->codes[entry->text], text);
}

static void write_event(const struct population *population, const struct coded_event *event, const struct fault *fault,
                        struct buffer *ret_text)
{
    const char *separator = "{";

    buffer_clear(ret_text);
    for (enum field field = 0; field < FIELDS; field++) {
        bool broken = fault && fault->field == field;

        if (!record_fields[field].required || (broken && !fault->value))
            continue;
        buffer_text(ret_text, separator);
        separator = ", ";
        buffer_append(ret_text, prefixes[field].data, prefixes[field].size);
        if (broken)
            buffer_text(ret_text, fault->value);
        else
            append_value(population, event, field, ret_text);
    }
    buffer_append(ret_text, "}", 1);
}

void message_write(const struct population *population, const struct coded_event *event, struct buffer *ret_text)
{
    write_event(population, event, NULL, ret_text);
}

bool message_write_malformed(const struct population *population, const struct coded_event *event, uint32_t kind,
                             struct buffer *ret_text)
{
    if (kind < FAULTS) {
        write_event(population, event, &faults[kind], ret_text);
        return true;
    }
    buffer_clear(ret_text);
    if (kind < FAULTS + REPLACEMENTS) {
        buffer_text(ret_text, replacements[kind - FAULTS]);
        return true;
    }
    if (kind == FAULTS + REPLACEMENTS) {
        write_event(population, event, NULL, ret_text);
        ret_text->size /= 2;
        return true;
    }
    return false;
}
