/* Partitions where nothing is left to read: their event time goes on with the clock, so that hours get sealed. */
#ifndef ANTENNA_SPEED_IDLE_H
#define ANTENNA_SPEED_IDLE_H

#include "speed/worker.h"

/**
 * Asks Kafka which of the worker's partitions end where the archive ends, and notes in PostgreSQL that those are
 * complete up to now. A partition that Kafka does not answer for is left as it is. Errors: those of PostgreSQL,
 * ERROR_FENCED.
 */
int note_idle_partitions(struct worker *worker, struct error *error) must_check;

#endif
