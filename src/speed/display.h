/* The progress of a run: a bar or words on a terminal, else a line of the log now and then. */
#ifndef ANTENNA_SPEED_DISPLAY_H
#define ANTENNA_SPEED_DISPLAY_H

#include "base/terminal.h"
#include "speed/worker.h"

struct display {
    struct worker *workers;
    size_t count;
    struct bar bar;
    int64_t shown_ms;
    int64_t shown_read; /* messages, as shown last */
};

/** Begins to show the progress of workers, which are ready and not started yet. */
void display_begin(struct display *display, struct worker *workers, size_t count);

/** When progress is to be shown next, in milliseconds of the monotonic clock. */
int64_t display_due(const struct display *display);

/** Shows messages, rate since the last time, and lag; with --until-end the share that is done and the time left. */
void display_show(struct display *display);

/** Removes what the terminal shows. */
void display_end(struct display *display);

#endif
