/* That the topic is still the one whose offsets the job's progress means. */
#ifndef ANTENNA_SPEED_TOPIC_H
#define ANTENNA_SPEED_TOPIC_H

#include "speed/worker.h"

/**
 * To be called before a claim: notes the topic of a job that begins, and warns of another job that reads it. Errors:
 * ERROR_MISTAKE when the topic was made anew since the job began, as offsets then mean other messages, also where there
 * are as many of them; else as topic_id_query() and progress_note_topic().
 */
int topic_check(struct worker *worker, struct error *error) must_check;

/**
 * The same while partitions are read, of which a consumer need not see anything. Kafka is not waited for: where it
 * does not answer, nothing is found. Error: ERROR_MISTAKE.
 */
int topic_check_again(const struct worker *worker, struct error *error) must_check;

#endif
