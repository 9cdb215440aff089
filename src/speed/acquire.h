/*
 * Claims: how a worker becomes the owner of its partitions, after each assignment and each failure.
 *
 * The group assigns partitions, but only PostgreSQL decides who may write for them: a claim raises their epochs, which
 * fences the owner before. The group's offsets in Kafka play no part.
 */
#ifndef ANTENNA_SPEED_ACQUIRE_H
#define ANTENNA_SPEED_ACQUIRE_H

#include "speed/worker.h"

/**
 * Connects to PostgreSQL if need be and recovers files; claims the partitions that are not claimed, and begins to read
 * them where PostgreSQL says. Does nothing when all are claimed. Errors: ERROR_UNAVAILABLE; ERROR_CONFIGURATION when
 * Kafka no longer holds messages that were not read, unless the job accepts that.
 */
int acquire_partitions(struct worker *worker, struct error *error) must_check;

#endif
