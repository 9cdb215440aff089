#include "record/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "record/scan.h"

/* Larger timestamps (as seconds, after the year 5138) are reported as probable milliseconds: those of our time have 13
 * digits. */
#define PROBABLY_MILLISECONDS 100000000000LL

static const char *const reason_codes[REJECT_REASONS] = {
    [REJECT_EMPTY] = "empty",
    [REJECT_TOO_LARGE] = "too_large",
    [REJECT_INVALID_UTF8] = "invalid_utf8",
    [REJECT_NOT_JSON] = "not_json",
    [REJECT_NOT_AN_OBJECT] = "not_an_object",
    [REJECT_MISSING_FIELD] = "missing_field",
    [REJECT_DUPLICATE_FIELD] = "duplicate_field",
    [REJECT_WRONG_TYPE] = "wrong_type",
    [REJECT_OUT_OF_RANGE] = "out_of_range",
    [REJECT_TIME_TOO_OLD] = "timestamp_too_old",
    [REJECT_TIME_IN_FUTURE] = "timestamp_in_future",
    [REJECT_TIME_IN_MILLISECONDS] = "timestamp_in_milliseconds",
    [REJECT_SUM_OUT_OF_RANGE] = "sum_out_of_range",
};

void decoder_init(struct decoder *decoder, struct record_limits limits)
{
    *decoder = (struct decoder){.limits = limits};
}

void decoder_release(struct decoder *decoder)
{
    json_decref(decoder->document);
    decoder->document = NULL;
}

const char *reject_reason_code(enum reject_reason reason)
{
    return reason_codes[reason];
}

/* Always returns 1, for `return reject(…)`. */
static int printf_like(4, 5)
    reject(struct reject *ret_reject, enum reject_reason reason, size_t position, const char *format, ...)
{
    va_list arguments;

    ret_reject->reason = reason;
    ret_reject->position = position;
    va_start(arguments, format);
    vsnprintf(ret_reject->detail, sizeof(ret_reject->detail), format, arguments);
    va_end(arguments);
    /* The detail may quote the message: control characters could forge log lines, and a character of UTF-8 may be
     * truncated. */
    for (char *byte = ret_reject->detail; *byte; byte++)
        if (*byte < ' ' || *byte > '~')
            *byte = '?';
    return 1;
}

static int reject_json(const json_error_t *json_error, struct reject *ret_reject)
{
    enum json_error_code code = json_error_code(json_error);
    enum reject_reason reason = REJECT_NOT_JSON;

    if (code == json_error_invalid_utf8)
        reason = REJECT_INVALID_UTF8;
    else if (code == json_error_duplicate_key)
        reason = REJECT_DUPLICATE_FIELD;
    else if (code == json_error_numeric_overflow)
        reason = REJECT_OUT_OF_RANGE;
    return reject(ret_reject, reason, json_error->position < 0 ? 0 : (size_t)json_error->position, "%s",
                  json_error->text);
}

/* The value of a field, by its name or its alias, and which of them it was; NULL if the message has neither. */
static int find_value(const json_t *object, const struct field_entry *field, const char **ret_name,
                      const json_t **ret_value, struct reject *ret_reject)
{
    const json_t *alias = field->alias ? json_object_get(object, field->alias) : NULL;

    *ret_name = alias ? field->alias : field->name;
    *ret_value = json_object_get(object, *ret_name);
    if (alias && json_object_get(object, field->name))
        return reject(ret_reject, REJECT_DUPLICATE_FIELD, 0, "both %s and %s are given", field->name, field->alias);
    if (!*ret_value && field->required)
        return reject(ret_reject, REJECT_MISSING_FIELD, 0, "%s is missing", field->name);
    return 0;
}

static int read_integer(const json_t *value, const char *name, int64_t *ret_number, struct reject *ret_reject)
{
    if (!json_is_integer(value))
        return reject(ret_reject, REJECT_WRONG_TYPE, 0, "%s is not an integer", name);
    *ret_number = json_integer_value(value);
    return 0;
}

static int read_time(const struct decoder *decoder, const json_t *value, const char *name, int64_t *ret_timestamp,
                     struct reject *ret_reject)
{
    const char *text = json_string_value(value);

    if (!text || !time_parse_loosely(text, ret_timestamp))
        return read_integer(value, name, ret_timestamp, ret_reject);
    if (decoder->limits.accept & RECORD_ACCEPT_ISO_TIMESTAMPS)
        return 0;
    return reject(ret_reject, REJECT_WRONG_TYPE, 0,
                  "%s is not an integer; --accept iso-timestamps takes ISO-8601 texts", name);
}

static int read_text(const json_t *value, const char *name, struct slice *ret_text, struct reject *ret_reject)
{
    size_t size;

    if (!json_is_string(value))
        return reject(ret_reject, REJECT_WRONG_TYPE, 0, "%s is not a string", name);
    size = json_string_length(value);
    if (size == 0 || size > RECORD_TEXT_SIZE_MAX)
        return reject(ret_reject, REJECT_OUT_OF_RANGE, 0, "%s has %zu bytes, not 1 to %d", name, size,
                      RECORD_TEXT_SIZE_MAX);
    *ret_text = (struct slice){json_string_value(value), size};
    return 0;
}

/* An id, which may be an integer where that is accepted; `number` has room for its text. */
static int read_id(const struct decoder *decoder, const json_t *value, const char *name,
                   char number[RECORD_NUMBER_SIZE], struct slice *ret_text, struct reject *ret_reject)
{
    if (!json_is_integer(value))
        return read_text(value, name, ret_text, ret_reject);
    if (!(decoder->limits.accept & RECORD_ACCEPT_NUMERIC_IDS))
        return reject(ret_reject, REJECT_WRONG_TYPE, 0, "%s is not a string; --accept numeric-ids takes integers",
                      name);
    snprintf(number, RECORD_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    *ret_text = slice_of(number);
    return 0;
}

/* An optional field of another type counts as absent: another program may use its name, and no event may be lost by it.
 */
static int read_text_field(struct decoder *decoder, const struct field_entry *field, const json_t *value,
                           const char *name, struct slice *ret_text, struct reject *ret_reject)
{
    int status;

    *ret_text = (struct slice){"", 0};
    status = field->kind == FIELD_KIND_ID
                 ? read_id(decoder, value, name, decoder->numbers[field->text], ret_text, ret_reject)
                 : read_text(value, name, ret_text, ret_reject);
    return field->required ? status : 0;
}

static int read_field(struct decoder *decoder, const struct field_entry *field, struct record *record,
                      struct reject *ret_reject)
{
    const json_t *value;
    const char *name;

    if (find_value(decoder->document, field, &name, &value, ret_reject))
        return 1;
    switch (field->kind) {
    case FIELD_KIND_TIME:
        return read_time(decoder, value, name, &record->timestamp, ret_reject);
    case FIELD_KIND_AMOUNT:
        return read_integer(value, name, &record->bytes, ret_reject);
    case FIELD_KIND_TEXT:
    case FIELD_KIND_ID:
        break;
    }
    return read_text_field(decoder, field, value, name, &record->texts[field->text], ret_reject);
}

static int parse_with_jansson(struct decoder *decoder, const char *json, size_t size, struct record *ret_record,
                              struct reject *ret_reject)
{
    json_error_t json_error;

    json_decref(decoder->document);
    decoder->document = json_loadb(json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
    if (!decoder->document)
        return reject_json(&json_error, ret_reject);
    if (!json_is_object(decoder->document))
        return reject(ret_reject, REJECT_NOT_AN_OBJECT, 0, "the message is not a JSON object");
    for (enum field field = 0; field < FIELDS; field++)
        if (read_field(decoder, &record_fields[field], ret_record, ret_reject))
            return 1;
    return 0;
}

/* Compares with the arrival and never with the clock: a message that is read again must get the same answer. */
static int check_limits(const struct record *record, const struct record_limits *limits, int64_t arrival,
                        struct reject *ret_reject)
{
    int64_t timestamp = record->timestamp;

    if (record->bytes < 0 || record->bytes > limits->max_bytes)
        return reject(ret_reject, REJECT_OUT_OF_RANGE, 0, "bytes %" PRId64 " is not from 0 to %" PRId64, record->bytes,
                      limits->max_bytes);
    if (timestamp < RECORD_TIME_MIN)
        return reject(ret_reject, REJECT_TIME_TOO_OLD, 0, "timestamp %" PRId64 " lies before the year 2000", timestamp);
    if (timestamp > PROBABLY_MILLISECONDS)
        return reject(ret_reject, REJECT_TIME_IN_MILLISECONDS, 0,
                      "timestamp %" PRId64 " is not in seconds, probably in milliseconds", timestamp);
    if (timestamp >= RECORD_TIME_END)
        return reject(ret_reject, REJECT_TIME_IN_FUTURE, 0, "timestamp %" PRId64 " lies after the year 2099",
                      timestamp);
    if (arrival >= 0 && timestamp > arrival + limits->max_future)
        return reject(ret_reject, REJECT_TIME_IN_FUTURE, 0,
                      "timestamp %" PRId64 " lies %" PRId64 " seconds ahead of its arrival in Kafka", timestamp,
                      timestamp - arrival);
    return 0;
}

int parse_json_data(struct decoder *decoder, const char *json, size_t size, int64_t arrival, struct record *ret_record,
                    struct reject *ret_reject)
{
    if (size == 0)
        return reject(ret_reject, REJECT_EMPTY, 0, "the message is empty");
    if (size > RECORD_SIZE_MAX)
        return reject(ret_reject, REJECT_TOO_LARGE, 0, "the message has %zu bytes, more than %d", size,
                      RECORD_SIZE_MAX);
    if (!scan_record(json, size, ret_record) && parse_with_jansson(decoder, json, size, ret_record, ret_reject))
        return 1;
    return check_limits(ret_record, &decoder->limits, arrival, ret_reject);
}
