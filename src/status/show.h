/* The figures of `status` as text for people and as JSON for scripts. */
#ifndef ANTENNA_STATUS_SHOW_H
#define ANTENNA_STATUS_SHOW_H

#include <jansson.h>

#include "base/buffer.h"
#include "status/figures.h"

/** The room for the figures; SIZE_MAX where it does not end. */
struct show_room {
    size_t lines, columns;
};

/**
 * Appends the figures in at most about so many lines: where there are too many, some hours and partitions are left out,
 * and how many is said. Names of jobs and topics are cut so that the figures behind them fit into their line.
 */
void show_figures(const struct figures *figures, struct show_room room, struct buffer *ret_text);

/** The figures as a JSON object. Free with json_decref(). */
json_t *show_json(const struct figures *figures) must_check;

#endif
