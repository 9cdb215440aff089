/* The examination of everything that the jobs need, which changes nothing of it. */
#ifndef ANTENNA_DOCTOR_DOCTOR_H
#define ANTENNA_DOCTOR_DOCTOR_H

#include "doctor/finding.h"

/**
 * Examines what the doctor's configuration names: PostgreSQL always, Kafka and the storage root when they are given,
 * and the machine. `take` is called for each check in turn; `counts` tells the results in the end. A stop that is asked
 * for ends it between two of these subjects.
 */
void doctor_examine(struct doctor *doctor);

#endif
