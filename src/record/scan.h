/* The fast path of the decoder: takes the plain shape of a message only. */
#ifndef ANTENNA_RECORD_SCAN_H
#define ANTENNA_RECORD_SCAN_H

#include <stdbool.h>

#include "record/record.h"

/**
 * Reads a message of the plain shape: one object with each required field of field.h once, the others at most once
 * and nothing else, strings of 1 to RECORD_TEXT_SIZE_MAX printable ASCII characters without escapes, integers of up to
 * 18 digits without sign, fraction or leading zero. Returns false for anything else, which may still be valid. Limits
 * on times and bytes are not checked.
 */
bool scan_record(const char *json, size_t size, struct record *ret_record) must_check;

#endif
