#include "record/field.h"

#define TEXT_OF_TIME(NAME) TEXTS
#define TEXT_OF_AMOUNT(NAME) TEXTS
#define TEXT_OF_TEXT(NAME) TEXT_##NAME
#define TEXT_OF_ID(NAME) TEXT_##NAME
#define ENTRY(NAME, name, alias, kind, required)                                                                       \
    [FIELD_##NAME] = {name, alias, FIELD_KIND_##kind, required, TEXT_OF_##kind(NAME)},

const struct field_entry record_fields[FIELDS] = {RECORD_FIELDS(ENTRY)};

const struct field_entry *text_field(enum text text)
{
    const struct field_entry *entry = record_fields;

    while (entry->text != text)
        entry++;
    return entry;
}

void fields_list(struct buffer *text)
{
    enum field last = FIELDS;

    while (!record_fields[--last].required)
        ;
    for (enum field field = 0; field <= last; field++)
        if (record_fields[field].required)
            buffer_printf(text, "%s%s", field == 0 ? "" : field == last ? " and " : ", ", record_fields[field].name);
}
