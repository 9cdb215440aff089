/* Differences on their way into a report. */
#ifndef ANTENNA_VERIFY_DIFFERENCE_H
#define ANTENNA_VERIFY_DIFFERENCE_H

#include "verify/verify.h"

/** Adds a difference. */
void differences_add(struct differences *differences, enum cause cause, const char *format, ...) printf_like(3, 4);

/** How many are not expected. */
size_t differences_count(const struct differences *differences);

/** Frees them. Fits cleanup(). */
void differences_release(struct differences *differences);

#endif
