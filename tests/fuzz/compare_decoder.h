/* The decoder held against jansson alone: what is a record, and what it says. */
#ifndef ANTENNA_TESTS_COMPARE_DECODER_H
#define ANTENNA_TESTS_COMPARE_DECODER_H

#include "compare_scan.h"

static inline bool take_integer(const json_t *value, int64_t *ret_number)
{
    *ret_number = json_integer_value(value);
    return json_is_integer(value);
}

static inline bool take_text(const json_t *value, bool required, struct slice *ret_text)
{
    struct slice text = {json_string_value(value), json_string_length(value)};
    bool fine = json_is_string(value) && text.size > 0 && text.size <= RECORD_TEXT_SIZE_MAX;

    *ret_text = fine ? text : (struct slice){"", 0};
    return fine || !required;
}

static inline bool take_field(const json_t *json, const struct field_entry *field, struct record *record)
{
    const json_t *alias = field->alias ? json_object_get(json, field->alias) : NULL;
    const json_t *named = json_object_get(json, field->name), *value = alias ? alias : named;

    if (alias && named)
        return false;
    if (field->kind == FIELD_KIND_TIME)
        return take_integer(value, &record->timestamp);
    if (field->kind == FIELD_KIND_AMOUNT)
        return take_integer(value, &record->bytes);
    return take_text(value, field->required, &record->texts[field->text]);
}

/** Whether a document is a record by the contract of record.h, and which; `json` must outlive it. */
static inline bool is_record(const json_t *json, const struct record_limits *limits, int64_t arrival,
                             struct record *ret_record)
{
    if (!json_is_object(json))
        return false;
    for (enum field field = 0; field < FIELDS; field++)
        if (!take_field(json, &record_fields[field], ret_record))
            return false;
    return ret_record->bytes >= 0 && ret_record->bytes <= limits->max_bytes &&
           ret_record->timestamp >= RECORD_TIME_MIN && ret_record->timestamp < RECORD_TIME_END &&
           (arrival < 0 || ret_record->timestamp <= arrival + limits->max_future);
}

static inline bool same_record(const struct record *left, const struct record *right)
{
    bool same = left->timestamp == right->timestamp && left->bytes == right->bytes;

    for (enum text text = 0; text < TEXTS && same; text++)
        same = slice_equal(left->texts[text], right->texts[text]);
    return same;
}

static inline bool is_whole(const struct record *record)
{
    bool whole = record->timestamp >= RECORD_TIME_MIN;

    for (enum text text = 0; text < TEXTS && whole; text++)
        whole = record->texts[text].size > 0 || !text_field(text)->required;
    return whole;
}

/** Whether the decoder accepts what jansson and the contract make a record of and nothing else, with the same values.
 */
static inline bool decoder_agrees(struct decoder *decoder, const char *json, size_t size, int64_t arrival)
{
    json_t *document = size <= RECORD_SIZE_MAX ? json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    struct record record, expected;
    struct reject reject;
    bool wanted = is_record(document, &decoder->limits, arrival, &expected);
    bool agrees = parse_json_data(decoder, json, size, arrival, &record, &reject)
                      ? !wanted && reject.reason < REJECT_REASONS && strlen(reject.detail) < REJECT_DETAIL_SIZE
                      : wanted && same_record(&record, &expected);

    json_decref(document);
    return agrees;
}

/** Whether a decoder that accepts more reads what the strict one accepts in the same way. */
static inline bool accepts_no_less(const char *json, size_t size, int64_t arrival)
{
    struct decoder strict, loose;
    struct record record, again;
    struct reject reject;
    bool fine;

    decoder_init(&strict, (struct record_limits){.max_future = 3600, .max_bytes = INT64_MAX});
    decoder_init(&loose, (struct record_limits){3600, INT64_MAX, ~0u});
    fine = parse_json_data(&strict, json, size, arrival, &record, &reject) ||
           (parse_json_data(&loose, json, size, arrival, &again, &reject) == 0 && same_record(&record, &again));
    /* What only the loose one accepts is a whole record, too. */
    fine = fine && (parse_json_data(&loose, json, size, arrival, &again, &reject) || is_whole(&again));
    decoder_release(&strict);
    decoder_release(&loose);
    return fine;
}

#endif
