/* Records for tests. */
#ifndef ANTENNA_TESTS_RECORD_OF_H
#define ANTENNA_TESTS_RECORD_OF_H

#include "record/dictionary.h"

/** A record with the required fields; the texts must outlive it. */
static inline struct record record_of(int64_t timestamp, const char *id, const char *antenna, const char *app,
                                      int64_t bytes)
{
    struct record record = {.timestamp = timestamp, .bytes = bytes};

    for (enum text text = 0; text < TEXTS; text++)
        record.texts[text] = slice_of("");
    record.texts[TEXT_ID] = slice_of(id);
    record.texts[TEXT_ANTENNA_ID] = slice_of(antenna);
    record.texts[TEXT_APP] = slice_of(app);
    return record;
}

#endif
