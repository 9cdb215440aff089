/* What can be known before any worker starts, so that a mistake ends the command at once and with one message. */
#ifndef ANTENNA_SPEED_CHECKS_H
#define ANTENNA_SPEED_CHECKS_H

#include "speed/job.h"

/**
 * Checks that the database has the tables, that the storage can be written, and that the topic exists; with --until-end
 * sets the job's ends to where the topic ends now. Errors: ERROR_MISTAKE, or ERROR_WORLD for what gives no answer.
 */
int check_before_start(struct job *job, struct error *error) must_check;

#endif
