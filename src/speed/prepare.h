/*
 * Checks before any worker starts, by the main thread, so that a configuration error ends the command at once and with
 * one message. Also decides the start offsets of a new job, once for all workers and processes.
 */
#ifndef ANTENNA_SPEED_PREPARE_H
#define ANTENNA_SPEED_PREPARE_H

#include "speed/job.h"

/**
 * Checks that the database has the tables, that the storage can be written, and that the topic exists. Stores the start
 * offset of each partition for a job that has never run. With --until-end sets the job's ends to the present ends of
 * the topic. Errors: ERROR_CONFIGURATION, or ERROR_UNAVAILABLE for a server that does not answer.
 */
int prepare_job(struct job *job, struct error *error) must_check;

/**
 * Decides whether a job without progress (`first`), or partitions without progress, may begin: as if for the first time
 * where nothing is known of them, with a warning where their progress was deleted and neither totals nor archive can
 * hold any of their messages. Error: ERROR_CONFIGURATION where these would be counted twice.
 */
int check_restart(struct postgres *postgres, const struct job *job, bool first, struct error *error) must_check;

#endif
