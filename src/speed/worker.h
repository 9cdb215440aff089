/*
 * One worker: a member of the consumer group with its own connection, memory and files.
 *
 * Threads: the main thread calls the functions of this header, in their order. In between, the worker's own thread owns
 * all members. Other threads may read two of them at any time: `counters`, whose atomics need no lock, and `posted`,
 * which has one. A second thread of the worker encodes rows (archive/encoder.h). Workers share only the job, which is
 * read-only, with its metadata client, which is safe for threads.
 */
#ifndef ANTENNA_SPEED_WORKER_H
#define ANTENNA_SPEED_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "archive/encoder.h"
#include "base/log.h"
#include "kafka/topic.h"
#include "metrics/counter.h"
#include "postgres/client.h"
#include "speed/job.h"
#include "speed/pending.h"
#include "speed/stages.h"
#include "speed/worker_status.h"

/**
 * What a worker has done. `read` counts every message; the others count what is durable: committed or rolled. A worker
 * that stopped cleanly and never had to read again satisfies read = totalled + rejected + read_again, and archived
 * counts what was totalled here or, as far as it was read again, by an earlier run.
 */
struct counters {
    atomic_int_fast64_t read;
    atomic_int_fast64_t read_again; /* below the totals' offset: for the archive only */
    atomic_int_fast64_t totalled;
    atomic_int_fast64_t rejected[REJECT_REASONS];
    atomic_int_fast64_t bytes;
    atomic_int_fast64_t rows; /* upserted */
    atomic_int_fast64_t archived;
    atomic_int_fast64_t archived_bytes;
    atomic_int_fast64_t files;
    atomic_int_fast64_t file_bytes;
    atomic_int_fast64_t last_commit; /* seconds since the Unix epoch; 0: none */
    atomic_int_fast64_t last_roll;
    atomic_int_fast64_t fenced;
    atomic_int_fast64_t outages; /* of a dependency */
    atomic_int_fast64_t postgres_connects;
    atomic_int_fast64_t kafka_disconnects;
    struct histogram commits;
    struct histogram rolls;
};

/** Deadlines in milliseconds of the monotonic clock; 0: none. */
struct worker_timers {
    int64_t commit_at;
    int64_t roll_at;
    int64_t idle_at;  /* next search for partitions that are read to their end */
    int64_t probe_at; /* next check of PostgreSQL, the disk and the topic's id */
    int64_t mirror_at;
    int64_t retry_at;   /* next attempt to claim partitions after a failure */
    int64_t check_at;   /* next check for the end of --until-end */
    int64_t rest_until; /* no commit by timer before it */
    int64_t post_at;    /* next post of the worker's status */
};

/** A dependency is unavailable, or was. */
struct outage {
    struct log_trouble trouble;
    bool roll_failed; /* only a roll shows that it is over, and is tried as soon as a commit is */
    int64_t since_ms;
    int64_t pause_ms; /* before the next attempt */
    struct error cause;
};

/** The archive's disk, as it was looked at last. */
struct probed_disk {
    struct log_trouble trouble;
    struct error cause;
};

struct commit;
struct roll;

struct worker {
    const struct job *job;
    int number;                   /* from 1 */
    char owner[128];              /* host:process:worker */
    struct consumer *consumer;    /* NULL: absent from the group */
    char topic_id[TOPIC_ID_SIZE]; /* at the last claim; empty: none yet, or the broker has no topic ids */
    struct partitions partitions;
    struct pending pending;
    struct postgres *postgres; /* NULL: not connected */
    struct staging *staging;
    struct encoder *encoder; /* NULL: nothing is archived */
    struct commit *commit;   /* under way; NULL: none */
    struct roll *roll;       /* the same */
    unsigned file_sequence;
    int64_t lag_ms; /* since the arrival in Kafka of what was read last; 0: nothing was left to read, or unknown */
    struct worker_timers timers;
    struct outage outage;
    struct probed_disk disk;
    bool joining;                    /* the group, which has not answered yet */
    struct log_trouble disconnected; /* from Kafka */
    struct counters counters;
    struct worker_status posted;
    struct stages stages; /* of the thread; for others when it has ended */
    pthread_t thread;
    sem_t *finished; /* posted at the end */
    struct error error;
    int status; /* 0, or -1 with `error`; valid when the thread has ended */
};

/** Readies worker number `number`, whose counters and status may be read from then on. Free with worker_release(). */
void worker_init(struct worker *worker, const struct job *job, int number, sem_t *finished);

/** Starts the worker's thread. It posts `finished` when it ends: by a stop, at --until-end's end, or by a failure. */
int worker_start(struct worker *worker, struct error *error) must_check;

/** Waits for the end of the thread, which has freed all but `counters`, `posted`, `status` and `error`. */
void worker_join(struct worker *worker);

/** Frees what is left of a worker whose thread has ended, or was never started. */
void worker_release(struct worker *worker);

#endif
