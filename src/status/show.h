/* The figures of `status` as text for people and as JSON for scripts. */
#ifndef ANTENNA_STATUS_SHOW_H
#define ANTENNA_STATUS_SHOW_H

#include <jansson.h>

#include "base/buffer.h"
#include "status/figures.h"

/**
 * Appends the figures in at most about `lines` lines, SIZE_MAX for all of them: where there are too many, some hours
 * and partitions are left out, and how many is said.
 */
void show_figures(const struct figures *figures, size_t lines, struct buffer *ret_text);

/** The figures as a JSON object. Free with json_decref(). */
json_t *show_json(const struct figures *figures) must_check;

#endif
