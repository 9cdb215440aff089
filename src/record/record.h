/*
 * The measurement record: what one Kafka message says, decoded and checked, or why it was rejected.
 *
 * jansson, strict, defines what JSON is. A hand-written scanner takes the plain shape (the fields of field.h, ASCII
 * strings without escapes, plain integers, any order, blanks allowed) and hands everything else to jansson.
 */
#ifndef ANTENNA_RECORD_RECORD_H
#define ANTENNA_RECORD_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "record/field.h"

/** Longest text of an event, in bytes of UTF-8. */
#define RECORD_TEXT_SIZE_MAX 256

/** Longest message that is looked into, in bytes. */
#define RECORD_SIZE_MAX (1024 * 1024)

/** Event times begin at 2000-01-01T00:00:00Z and end before 2100-01-01T00:00:00Z. */
#define RECORD_TIME_MIN 946684800LL
#define RECORD_TIME_END 4102444800LL

struct record {
    int64_t timestamp;         /* event time, seconds since the Unix epoch */
    int64_t bytes;             /* >= 0 */
    struct slice texts[TEXTS]; /* empty where the field is absent */
};

enum reject_reason {
    REJECT_EMPTY,
    REJECT_TOO_LARGE,
    REJECT_INVALID_UTF8,
    REJECT_NOT_JSON,
    REJECT_NOT_AN_OBJECT,
    REJECT_MISSING_FIELD,
    REJECT_DUPLICATE_FIELD,
    REJECT_WRONG_TYPE,
    REJECT_OUT_OF_RANGE,
    REJECT_TIME_TOO_OLD,
    REJECT_TIME_IN_FUTURE,
    REJECT_TIME_IN_MILLISECONDS,
    REJECT_SUM_OUT_OF_RANGE, /* by the speed layer: no sum has room for it */
    REJECT_REASONS,          /* how many there are */
};

#define REJECT_DETAIL_SIZE 160

struct reject {
    enum reject_reason reason;
    size_t position; /* byte in the message where the trouble was found; 0 when it concerns the whole */
    char detail[REJECT_DETAIL_SIZE];
};

/** What is accepted beside the strict shape: bits in the order of the words of --accept. */
enum record_accept {
    RECORD_ACCEPT_ISO_TIMESTAMPS = 1, /* an ISO-8601 text as timestamp; without an offset it is UTC */
    RECORD_ACCEPT_NUMERIC_IDS = 2,    /* an integer as an id: its decimal text */
};

/** The limits that a record must keep. */
struct record_limits {
    int64_t max_future; /* seconds that an event may lie ahead of its arrival, where that is known */
    int64_t max_bytes;
    unsigned accept; /* bits of enum record_accept */
};

#define RECORD_NUMBER_SIZE 21 /* of -9223372036854775808 with its NUL */

/** Decodes messages one after the other; holds what the last record points into. */
struct decoder {
    struct record_limits limits;
    json_t *document;                        /* of the last message that jansson decoded, or NULL */
    char numbers[TEXTS][RECORD_NUMBER_SIZE]; /* its numeric ids as texts */
};

/** Readies a decoder; release with decoder_release(). */
void decoder_init(struct decoder *decoder, struct record_limits limits);

/** Frees what the decoder holds. */
void decoder_release(struct decoder *decoder);

/**
 * Decodes one message of `size` bytes (`json` may be NULL when it is 0). `arrival` is the message's Kafka timestamp in
 * seconds, negative when it has none: event times are compared with it and not with the clock, so that reading a
 * message again gives the same answer. Returns 0 with the record, whose slices are valid until the next call and while
 * `json` is; or 1 with the reason for rejecting it.
 */
int parse_json_data(struct decoder *decoder, const char *json, size_t size, int64_t arrival, struct record *ret_record,
                    struct reject *ret_reject) must_check;

/** The code of a reason, such as "not_json"; part of the data contract. */
const char *reject_reason_code(enum reject_reason reason);

#endif
