/* That the topic is still the one whose offsets the job's progress means. */
#ifndef ANTENNA_SPEED_TOPIC_H
#define ANTENNA_SPEED_TOPIC_H

#include "speed/worker.h"

/**
 * Notes the topic of this id as the one that the job reads, which may not have begun yet: `starts` has the `count`
 * offsets where it will, NULL when it has. Errors: ERROR_MISTAKE when the topic was recreated since the job began, as
 * offsets then mean other messages, also where there are as many of them; else as data_set_join().
 */
int topic_join(struct postgres *postgres, const struct job *job, const char *id, const int64_t *starts, size_t count,
               struct error *error) must_check;

/** The same with the id that the topic has now, before a claim. Errors: as topic_id_query() and topic_join(). */
int topic_check(struct worker *worker, struct error *error) must_check;

/**
 * The same while partitions are read, of which a consumer need not see anything. Kafka is not waited for: where it
 * does not answer, or has no topic ids, nothing is found. An id that the broker has only now is stored. Errors: as
 * topic_check().
 */
int topic_check_again(struct worker *worker, struct error *error) must_check;

#endif
