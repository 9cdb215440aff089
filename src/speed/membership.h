/*
 * A worker in the consumer group: assigned and revoked partitions, the connection to Kafka, and absence. A worker that
 * cannot reach PostgreSQL or its disk leaves the group after --leave-after, so that others read its partitions, and
 * joins again when both answer. An absent worker has no consumer and no partitions.
 *
 * The group waits for the answer to each event (kafka/consumer.h). The answer to an assignment is the claim, that to a
 * revocation comes after all pending data is written: until then no other worker reads the partitions.
 */
#ifndef ANTENNA_SPEED_MEMBERSHIP_H
#define ANTENNA_SPEED_MEMBERSHIP_H

#include "speed/worker.h"

/** Follows what the group has decided; what was read of revoked partitions is written first. Errors: as
 * handle_failure(). */
int follow_group(struct worker *worker, struct error *error) must_check;

/** Counts and logs when no broker can be reached, and when one can be again. Librdkafka reconnects by itself. */
void note_connection(struct worker *worker);

/** Replaces a consumer that has ended by a new one. Errors: as consumer_open(). */
int join_again(struct worker *worker, struct error *error) must_check;

/**
 * After a failure, when the worker has given up its claims: leaves the group if the outage has lasted for --leave-after
 * and PostgreSQL or the disk still does not answer. An outage of Kafka alone is none of these.
 */
void leave_group_if_due(struct worker *worker);

/** Whether the worker is absent. */
bool absence_is_active(const struct worker *worker);

/**
 * A turn of the loop of an absent worker: waits a moment, or joins again when PostgreSQL and the disk answer. Errors:
 * of whichever does not, and as consumer_open().
 */
int absence_wait(struct worker *worker, struct error *error) must_check;

#endif
