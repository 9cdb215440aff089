/*
 * The table of an event's fields: all that the decoder expects, the archive has as columns and other programs' files
 * must have comes from here. It is part of the data contract (docs/data.md).
 */
#ifndef ANTENNA_RECORD_FIELD_H
#define ANTENNA_RECORD_FIELD_H

#include <stdbool.h>

#include "base/buffer.h"

/**
 * FIELD(NAME, name, alias, kind, required), in the order of the archive's columns: the name in JSON and in Parquet;
 * another spelling of it in JSON, or NULL; what it holds (enum field_kind); whether an event without it is rejected.
 * One field is the time and one the amount. A text that is not required is NULL in the
 * archive where it is absent or no such text: it decides nothing about an event.
 * "timestmap" is how the public simulator spells it.
 */
#define RECORD_FIELDS(FIELD)                                                                                           \
    FIELD(TIMESTAMP, "timestamp", "timestmap", TIME, true)                                                             \
    FIELD(ID, "id", NULL, ID, true)                                                                                    \
    FIELD(ANTENNA_ID, "antenna_id", NULL, ID, true)                                                                    \
    FIELD(BYTES, "bytes", NULL, AMOUNT, true)                                                                          \
    FIELD(APP, "app", NULL, TEXT, true)                                                                                \
    FIELD(CELL, "cell", NULL, TEXT, false)

#define FIELD_MEMBER(NAME, name, alias, kind, required) FIELD_##NAME,
enum field { RECORD_FIELDS(FIELD_MEMBER) FIELDS };
#undef FIELD_MEMBER

/** The field that names a user, and its number among the texts. */
#define FIELD_USER FIELD_ID
#define TEXT_USER TEXT_ID

/** What a field holds. */
enum field_kind {
    FIELD_KIND_TIME,   /* seconds since the Unix epoch */
    FIELD_KIND_AMOUNT, /* a whole number from 0 on: what is added up */
    FIELD_KIND_TEXT,   /* 1 to RECORD_TEXT_SIZE_MAX bytes of UTF-8 */
    FIELD_KIND_ID,     /* such a text; RECORD_ACCEPT_NUMERIC_IDS takes an integer, too */
};

#define TEXT_OF_TIME(NAME)
#define TEXT_OF_AMOUNT(NAME)
#define TEXT_OF_TEXT(NAME) TEXT_##NAME,
#define TEXT_OF_ID(NAME) TEXT_##NAME,
#define TEXT_MEMBER(NAME, name, alias, kind, required) TEXT_OF_##kind(NAME)
/** The fields that are texts, numbered by themselves in the same order. */
enum text { RECORD_FIELDS(TEXT_MEMBER) TEXTS };
#undef TEXT_MEMBER
#undef TEXT_OF_TIME
#undef TEXT_OF_AMOUNT
#undef TEXT_OF_TEXT
#undef TEXT_OF_ID

/** A row of the table. */
struct field_entry {
    const char *name;
    const char *alias; /* or NULL */
    enum field_kind kind;
    bool required;
    enum text text; /* its number among the texts; TEXTS: it is none */
};

/** The table. */
extern const struct field_entry record_fields[FIELDS];

/** Appends the names of the required fields as a person lists them: "timestamp, id and bytes". */
void fields_list(struct buffer *text);

/** The field that a text is. */
const struct field_entry *text_field(enum text text);

#endif
