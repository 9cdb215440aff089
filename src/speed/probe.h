/*
 * Periodic checks of an otherwise idle worker: whether PostgreSQL and the disk would accept data, whether the worker
 * still owns its partitions, whether the topic is still the one that the job's offsets refer to, and which partitions
 * are read to their end. For these, event time advances with the clock, so that hours are sealed without new messages.
 *
 * All of them use the connection, on which no commit may be under way (schedule.c).
 */
#ifndef ANTENNA_SPEED_PROBE_H
#define ANTENNA_SPEED_PROBE_H

#include "speed/worker.h"

/**
 * Asks PostgreSQL whether it answers, takes changes and has the progress that we know, and looks at the archive's disk.
 * Of the disk it only notes and reports the state, as totals go on without it until the next roll. Errors:
 * ERROR_UNAVAILABLE for PostgreSQL; ERROR_FENCED when its progress is not ours.
 */
int probe_dependencies(struct worker *worker, struct error *error) must_check;

/**
 * Asks Kafka which of the worker's partitions end where the archive ends, and notes in PostgreSQL that those are
 * complete up to now. A partition that Kafka does not answer for is left as it is. Errors: those of PostgreSQL,
 * ERROR_FENCED.
 */
int note_idle_partitions(struct worker *worker, struct error *error) must_check;

/**
 * Notes the topic of this id as the one that the job reads, which may not have begun yet: `starts` has the `count`
 * offsets where it will, NULL when it has. Errors: ERROR_CONFIGURATION when the topic was recreated since the job
 * began, as offsets then mean other messages, also where there are as many of them; else as data_set_join().
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
