/*
 * The speed layer: workers that each read from Kafka, decode, total and archive, until a stop, an end or a failure.
 *
 * The main thread prepares the job, starts the workers, shows progress, notifies the service manager, and joins the
 * workers. It never uses their connections or consumers. The first worker that fails requests a stop of all.
 */
#ifndef ANTENNA_SPEED_SPEED_H
#define ANTENNA_SPEED_SPEED_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/**
 * Checks database, storage and topic, then runs the job to its end: a stop (see stop.h), --duration or --until-end.
 * Shows progress on a terminal and logs a summary. Errors: ERROR_CONFIGURATION or ERROR_UNAVAILABLE when a check fails;
 * whatever ended the first worker that failed.
 */
int speed_run(const struct config *config, struct error *error) must_check;

#endif
