/*
 * The sums of the workers' counters, in words, and the progress of a run: a bar or words on a terminal, else a line of
 * the log now and then.
 */
#ifndef ANTENNA_SPEED_REPORT_H
#define ANTENNA_SPEED_REPORT_H

#include "base/buffer.h"
#include "base/terminal.h"
#include "speed/worker.h"

/** Sums of all workers' counters; the members are those of struct counters, and of times the latest. */
struct report {
    int64_t read;
    int64_t read_again;
    int64_t totalled;
    int64_t rejected; /* for all reasons */
    int64_t rejected_for[REJECT_REASONS];
    int64_t bytes;
    int64_t rows;
    int64_t archived;
    int64_t archived_bytes;
    int64_t files;
    int64_t file_bytes;
    int64_t last_commit;
    int64_t last_roll;
    int64_t fenced;
    int64_t outages;
    int64_t postgres_connects;
    int64_t kafka_disconnects;
    struct histogram_figures commits;
    struct histogram_figures rolls;
};

/** Writes the table of --profile, of workers that have ended: `read` messages took `all` nanoseconds of CPU time. */
void report_profile(const struct worker *workers, size_t count, int64_t read, int64_t all, struct buffer *ret_text);

/** Adds up the counters of `count` workers. */
struct report report_of(const struct worker *workers, size_t count);

/** Writes the line that ends a run: read = totalled + rejected (+ read again). */
void report_summary(const struct report *report, double seconds, struct buffer *ret_text);

struct display {
    struct worker *workers;
    size_t count;
    struct bar bar;
    int64_t shown_ms;
    int64_t shown_read; /* messages, as shown last */
};

/** Begins to show the progress of workers, which are ready and not started yet. */
void display_begin(struct display *display, struct worker *workers, size_t count);

/** When to show progress next, in milliseconds of the monotonic clock. */
int64_t display_due(const struct display *display);

/** Shows messages, rate since the last time, and lag; with --until-end the share that is done and the time left. */
void display_show(struct display *display);

/** Removes what the terminal shows. */
void display_end(struct display *display);

#endif
