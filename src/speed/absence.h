/*
 * Absence from the consumer group: a worker that cannot reach PostgreSQL or its disk leaves after --leave-after, so
 * that others read its partitions, and joins again when both answer. An absent worker has no consumer and no
 * partitions.
 */
#ifndef ANTENNA_SPEED_ABSENCE_H
#define ANTENNA_SPEED_ABSENCE_H

#include "speed/worker.h"

/**
 * After a failure, when the worker has given up its claims: leaves the group if the outage has lasted for --leave-after
 * and PostgreSQL or the disk still does not answer. An outage of Kafka alone is none of these.
 */
void absence_begin_if_due(struct worker *worker);

/** Whether the worker is absent. */
bool absence_goes_on(const struct worker *worker);

/**
 * A turn of the loop of an absent worker: waits a moment, or joins again when PostgreSQL and the disk answer. Errors:
 * of whichever does not, and as consumer_open().
 */
int absence_wait(struct worker *worker, struct error *error) must_check;

#endif
