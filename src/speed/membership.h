/* A worker in the consumer group: the partitions that it is given and gives up, and its connection. */
#ifndef ANTENNA_SPEED_MEMBERSHIP_H
#define ANTENNA_SPEED_MEMBERSHIP_H

#include "speed/worker.h"

/** Follows what the group has decided; what was read of revoked partitions is written first. Errors: as
 * handle_failure(). */
int follow_group(struct worker *worker, struct error *error) must_check;

/** Notes, and logs, when no broker can be reached, and when one can be again: librdkafka finds its way by itself. */
void note_connection(struct worker *worker);

/** Replaces a consumer that has ended by a new one. Errors: as consumer_open(). */
int join_again(struct worker *worker, struct error *error) must_check;

#endif
