/*
 * Where the CPU time of a worker's thread goes. The thread calls stages_end() behind each stage of its work, and what
 * it used since the last call is that stage's. Measured only when --profile asks for it: the clock is a system call.
 */
#ifndef ANTENNA_SPEED_STAGES_H
#define ANTENNA_SPEED_STAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum stage {
    STAGE_FETCH,  /* librdkafka's threads: what no worker's thread used */
    STAGE_TAKE,   /* taking messages from librdkafka, and giving them back */
    STAGE_DECODE, /* JSON to records */
    STAGE_INTERN, /* names to codes */
    STAGE_SUM,    /* into totals and rows */
    STAGE_COMMIT, /* totals to PostgreSQL */
    STAGE_ENCODE, /* rows to Parquet, by the encoder's thread, listed and published */
    STAGE_OTHER,  /* assignments, timers, start and stop */
    STAGES
};

struct stages {
    bool wanted;
    int64_t last; /* CPU time of the thread, nanoseconds */
    int64_t spent[STAGES];
};

/** Begins to measure the calling thread, if `wanted`. */
void stages_begin(struct stages *stages, bool wanted);

/** What the thread used since the last call was used for this stage. */
void stages_end(struct stages *stages, enum stage stage);

/** What another thread used for a stage of this one's work, in nanoseconds. */
void stages_add(struct stages *stages, enum stage stage, int64_t cpu_ns);

/** CPU time of the whole process so far, in nanoseconds. */
int64_t stages_process_time(void);

/** Writes a table of nanoseconds a message and shares, of `messages` messages; nothing when there were none. */
void stages_print(const int64_t spent[STAGES], int64_t messages, struct buffer *ret_text);

#endif
