/* Whether the world would take what the worker has: asked now and then, as nothing shows it where nothing comes. */
#ifndef ANTENNA_SPEED_PROBE_H
#define ANTENNA_SPEED_PROBE_H

#include "speed/worker.h"

#define PROBE_INTERVAL_MS 2000

/**
 * Asks PostgreSQL whether it answers, takes changes and has the progress that we know, and looks at the archive's disk.
 * Of the disk it only notes and reports the state, as totals go on without it until the next roll. Errors: ERROR_WORLD
 * for PostgreSQL; ERROR_FENCED when its progress is not ours.
 */
int probe_world(struct worker *worker, struct error *error) must_check;

#endif
