/* Clocks, UTC wall time and ISO-8601. Event times are whole seconds since the Unix epoch. */
#ifndef ANTENNA_BASE_TIME_H
#define ANTENNA_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/attributes.h"

#define NS_PER_MS 1000000
#define NS_PER_SECOND 1000000000
#define US_PER_MS 1000
#define US_PER_SECOND 1000000
#define MS_PER_SECOND 1000
#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600

/** Pauses of a service between two attempts to reach what is unavailable: doubled from the first to the longest. */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000

/** Bytes for time_format(): "2022-02-20T10:00:00Z" and its NUL, with room for years of any length. */
#define TIME_TEXT_SIZE 80

/** A point in time in parts, UTC. */
struct time_parts {
    int year, month, day, hour, minute, second; /* month 1-12, day 1-31 */
};

/** Nanoseconds of a clock of clock_gettime(2). */
int64_t time_read_ns(clockid_t clock);

/** Milliseconds of a clock that never goes back; for intervals and deadlines only. */
int64_t time_monotonic_ms(void);

/** The same clock in microseconds. */
int64_t time_monotonic_us(void);

/** Seconds since the Unix epoch by the system's clock. */
int64_t time_now(void);

/** Milliseconds since the Unix epoch by the system's clock. */
int64_t time_now_ms(void);

/** The hour that contains `time`: its first second. `time` must not be negative. */
int64_t time_hour(int64_t time);

/** Splits seconds since the epoch, UTC. */
struct time_parts time_split(int64_t time);

/** Writes "YYYY-MM-DDTHH:MM:SSZ" into `text`, TIME_TEXT_SIZE bytes, and returns it. */
const char *time_format(int64_t time, char text[TIME_TEXT_SIZE]);

/**
 * Reads ISO-8601 with an offset, as Java's OffsetDateTime does: `2022-02-20T10:00:00Z`, `2022-02-20T11:00:00+01:00`,
 * `…+01`, `…z`; seconds and their fraction may be left out, the fraction is dropped. Returns false when the text is
 * anything else, such as a time without offset.
 */
bool time_parse(const char *text, int64_t *ret_time) must_check;

/**
 * As time_parse(), but a blank may stand before the clock, and the offset may be left out: the time is UTC then, as
 * Spark reads it in a session whose time zone is UTC.
 */
bool time_parse_loosely(const char *text, int64_t *ret_time) must_check;

/** When so many milliseconds will have passed, for waits by CLOCK_MONOTONIC. */
struct timespec time_deadline(int64_t milliseconds);

/** Sleeps; a signal may end it early. */
void time_sleep_ms(int64_t milliseconds);

#endif
