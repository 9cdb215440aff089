/* Simulates the antennas: sends invented events to Kafka and writes what must come of them. */
#ifndef ANTENNA_SIMULATE_SIMULATE_H
#define ANTENNA_SIMULATE_SIMULATE_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/**
 * Sends until --count, --to or --duration is reached or a stop is asked for, waits until Kafka has acknowledged
 * everything and writes the ledger. A ledger is written only when it is exact: after a failure there is none, because a
 * message without acknowledgement may or may not be in the topic.
 */
int simulate_run(const struct config *config, struct error *error) must_check;

#endif
