/* The decoder held against jansson alone: what is a record, and what it says. */
#ifndef ANTENNA_TESTS_COMPARE_DECODER_H
#define ANTENNA_TESTS_COMPARE_DECODER_H

#include "compare_scan.h"

static inline bool take_integer(const json_t *object, const char *name, int64_t *ret_number)
{
    const json_t *value = json_object_get(object, name);

    *ret_number = json_integer_value(value);
    return json_is_integer(value);
}

static inline bool take_text(const json_t *object, const char *name, struct slice *ret_text)
{
    const json_t *value = json_object_get(object, name);

    *ret_text = (struct slice){json_string_value(value), json_string_length(value)};
    return json_is_string(value) && ret_text->size > 0 && ret_text->size <= RECORD_TEXT_SIZE_MAX;
}

/** Whether a document is a record by the contract of record.h, and which; `json` must outlive it. */
static inline bool is_record(const json_t *json, const struct record_limits *limits, int64_t arrival,
                             struct record *ret_record)
{
    bool misspelt = json_object_get(json, "timestmap") != NULL;

    return json_is_object(json) && !(misspelt && json_object_get(json, "timestamp")) &&
           take_integer(json, misspelt ? "timestmap" : "timestamp", &ret_record->timestamp) &&
           take_integer(json, "bytes", &ret_record->bytes) && take_text(json, "id", &ret_record->id) &&
           take_text(json, "antenna_id", &ret_record->antenna_id) && take_text(json, "app", &ret_record->app) &&
           ret_record->bytes >= 0 && ret_record->bytes <= limits->max_bytes &&
           ret_record->timestamp >= RECORD_TIME_MIN && ret_record->timestamp < RECORD_TIME_END &&
           (arrival < 0 || ret_record->timestamp <= arrival + limits->max_future);
}

static inline bool same_record(const struct record *left, const struct record *right)
{
    return left->timestamp == right->timestamp && left->bytes == right->bytes && slice_equal(left->id, right->id) &&
           slice_equal(left->antenna_id, right->antenna_id) && slice_equal(left->app, right->app);
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
    fine = fine && (parse_json_data(&loose, json, size, arrival, &again, &reject) ||
                    (again.id.size && again.antenna_id.size && again.timestamp >= RECORD_TIME_MIN));
    decoder_release(&strict);
    decoder_release(&loose);
    return fine;
}

#endif
