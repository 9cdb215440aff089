/* What a worker reads: messages are decoded and given to totals and rows, which are written where memory is full. */
#ifndef ANTENNA_SPEED_READING_H
#define ANTENNA_SPEED_READING_H

#include "speed/worker.h"

/**
 * Reads the messages that are there and takes those of claimed partitions; waits for a moment when there are none.
 * Errors: those of consumer_read(), and as write_everything().
 */
int read_from_kafka(struct worker *worker, struct error *error) must_check;

#endif
