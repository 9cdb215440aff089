#include "speed/display.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/notify.h"
#include "base/time.h"
#include "speed/report.h"

#define TERMINAL_INTERVAL_MS 1000
#define LOG_INTERVAL_MS 60000

/* What is before the workers: in their partitions as a whole, and up to the ends that --until-end sets. */
struct ahead {
    int64_t lag;
    int64_t left;
};

void display_begin(struct display *display, struct worker *workers, size_t count)
{
    *display = (struct display){.workers = workers, .count = count};
    bar_begin(&display->bar);
    display->shown_ms = display->bar.begin_ms;
}

int64_t display_due(const struct display *display)
{
    return display->shown_ms + (display->bar.terminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS);
}

static void look_ahead(struct worker *worker, struct ahead *ahead)
{
    cleanup(standing_view_release) struct standing_view view = {0};

    standing_look(&worker->standing, &view);
    for (size_t i = 0; i < view.count; i++) {
        const struct standing_partition *partition = &view.list[i];
        int64_t left = job_end(worker->job, partition->id) - partition->totals_offset;

        ahead->lag += partition->end_offset - partition->totals_offset;
        ahead->left += left > 0 ? left : 0;
    }
}

static void show_on_terminal(struct display *display, const struct report *report, double rate, struct ahead ahead)
{
    int64_t all = report->read + ahead.left;

    if (display->workers->job->ends)
        bar_show(&display->bar, all ? (double)report->read / (double)all : 0, "%" PRId64 " read, %.0f/s, lag %" PRId64,
                 report->read, rate, ahead.lag);
    else
        bar_say(&display->bar, "%" PRId64 " read, %.0f/s, %" PRId64 " rejected, lag %" PRId64, report->read, rate,
                report->rejected, ahead.lag);
}

static void show_in_log(const struct report *report, double rate, struct ahead ahead)
{
    cleanup(buffer_release) struct buffer text = {0};

    report_progress(report, rate, ahead.lag, &text);
    log_line(LEVEL_INFO, "%s", text.data);
    notify_send("STATUS=%s", text.data);
}

void display_show(struct display *display)
{
    struct report report = report_of(display->workers, display->count);
    int64_t now = time_monotonic_ms();
    double rate = 0;
    struct ahead ahead = {0};

    if (now > display->shown_ms)
        rate = (double)(report.read - display->shown_read) * 1000 / (double)(now - display->shown_ms);
    for (size_t i = 0; i < display->count; i++)
        look_ahead(&display->workers[i], &ahead);
    if (display->bar.terminal)
        show_on_terminal(display, &report, rate, ahead);
    else
        show_in_log(&report, rate, ahead);
    display->shown_ms = now;
    display->shown_read = report.read;
}

void display_end(struct display *display)
{
    bar_end(&display->bar);
}
