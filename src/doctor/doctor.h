/*
 * The examination of everything that the jobs need, which changes nothing of it: one finding a check, handed to the
 * caller as soon as it is known.
 */
#ifndef ANTENNA_DOCTOR_DOCTOR_H
#define ANTENNA_DOCTOR_DOCTOR_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

#define FINDING_TEXT_SIZE 1024
#define FINDING_FIX_SIZE 512

enum finding_result {
    FINDING_OK,
    FINDING_WARNING, /* jobs run, and something is not as it should be */
    FINDING_FAILED,  /* it would stop a job */
    FINDING_SKIPPED, /* not looked at, for the reason that is told */
    FINDING_RESULTS  /* how many there are */
};

struct finding {
    const char *check; /* a code, such as kafka_listeners; part of the contract with scripts */
    enum finding_result result;
    char text[FINDING_TEXT_SIZE]; /* what was found */
    char fix[FINDING_FIX_SIZE];   /* what to do, or empty */
};

/** Kafka, PostgreSQL, the storage root, the address of --listen, the way of notices and the machine. */
#define DOCTOR_SUBJECTS 6

/** One examination. */
struct doctor {
    const struct config *config;
    void (*take)(void *context, const struct finding *finding);
    void *context;
    size_t counts[FINDING_RESULTS];
    size_t unavailable; /* of the failed checks those that fail because a dependency is unavailable now */
    int brokers;        /* that the cluster has; 1 before it is known */
    const char *left[DOCTOR_SUBJECTS]; /* subjects that were not reached because a stop was asked for */
    size_t left_count;
};

/** The word of a result: ok, warning, failed or skipped. */
const char *finding_word(enum finding_result result);

/** All is well. */
void found_ok(struct doctor *doctor, const char *check, const char *format, ...) printf_like(3, 4);

/** Nothing was looked at. */
void found_skipped(struct doctor *doctor, const char *check, const char *format, ...) printf_like(3, 4);

/** Something is not as it should be; `fix` is what to do. */
void found_warning(struct doctor *doctor, const char *check, const char *fix, const char *format, ...)
    printf_like(4, 5);

/** Something would stop a job; `fix` is what to do. */
void found_failed(struct doctor *doctor, const char *check, const char *fix, const char *format, ...) printf_like(4, 5);

/** The same where a dependency is unavailable now, so that a retry may help. */
void found_unavailable(struct doctor *doctor, const char *check, const char *fix, const char *format, ...)
    printf_like(4, 5);

/** A failed check by its error and hint; ERROR_UNAVAILABLE is unavailable. */
void found_error(struct doctor *doctor, const char *check, const struct error *error);

/** Skips checks, a list that ends with NULL, for one reason. */
void found_skipped_all(struct doctor *doctor, const char *const *checks, const char *reason);

/**
 * Examines what the doctor's configuration names: PostgreSQL always, Kafka and the storage root when they are given,
 * and the machine. `take` is called for each check in turn; `counts` has the results in the end. A stop that is asked
 * for ends it between two of these subjects.
 */
void doctor_examine(struct doctor *doctor);

#endif
