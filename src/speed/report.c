#include "speed/report.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/notify.h"
#include "base/time.h"

/* A person watches a terminal; a log keeps its lines, so they are rare. */
#define TERMINAL_INTERVAL_MS 1000
#define LOG_INTERVAL_MS 60000

static int64_t later(int64_t time, const atomic_int_fast64_t *counter)
{
    int64_t other = counter_read(counter);

    return other > time ? other : time;
}

static void add_rejected(const struct counters *counters, struct report *report)
{
    for (int i = 0; i < REJECT_REASONS; i++) {
        int64_t messages = counter_read(&counters->rejected[i]);

        report->rejected_for[i] += messages;
        report->rejected += messages;
    }
}

static void add_counters(const struct counters *counters, struct report *report)
{
    report->read += counter_read(&counters->read);
    report->read_again += counter_read(&counters->read_again);
    report->totalled += counter_read(&counters->totalled);
    add_rejected(counters, report);
    report->bytes = counter_sum(report->bytes, counter_read(&counters->bytes));
    report->rows += counter_read(&counters->rows);
    report->archived += counter_read(&counters->archived);
    report->archived_bytes = counter_sum(report->archived_bytes, counter_read(&counters->archived_bytes));
    report->files += counter_read(&counters->files);
    report->file_bytes += counter_read(&counters->file_bytes);
    report->last_commit = later(report->last_commit, &counters->last_commit);
    report->last_roll = later(report->last_roll, &counters->last_roll);
    report->fenced += counter_read(&counters->fenced);
    report->outages += counter_read(&counters->outages);
    report->postgres_connects += counter_read(&counters->postgres_connects);
    report->kafka_disconnects += counter_read(&counters->kafka_disconnects);
    histogram_sum(&counters->commits, &report->commits);
    histogram_sum(&counters->rolls, &report->rolls);
}

struct report report_of(const struct worker *workers, size_t count)
{
    struct report report = {0};

    for (size_t i = 0; i < count; i++)
        add_counters(&workers[i].counters, &report);
    return report;
}

/* The fetch stage is the rest: CPU time that no worker or encoder has used is mostly librdkafka's. */
void report_profile(const struct worker *workers, size_t count, int64_t read, int64_t all, struct buffer *ret_text)
{
    int64_t spent[STAGES] = {[STAGE_FETCH] = all};

    for (size_t i = 0; i < count; i++)
        for (int stage = 0; stage < STAGES; stage++) {
            spent[stage] += workers[i].stages.spent[stage];
            spent[STAGE_FETCH] -= workers[i].stages.spent[stage];
        }
    stages_print(spent, read, ret_text);
}

void report_summary(const struct report *report, double seconds, struct buffer *ret_text)
{
    buffer_printf(ret_text,
                  "read %" PRId64 " messages in %.1f s: %" PRId64 " totalled with %" PRId64 " bytes, %" PRId64
                  " rejected",
                  report->read, seconds, report->totalled, report->bytes, report->rejected);
    if (report->read_again)
        buffer_printf(ret_text, ", %" PRId64 " read again for the archive only", report->read_again);
    buffer_printf(ret_text, "; archived %" PRId64 " in %" PRId64 " files of %.1f MB", report->archived, report->files,
                  (double)report->file_bytes / MEGABYTE);
}

/* Messages that are still to read: up to the ends of the partitions, and up to those of --until-end. */
struct remaining {
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

static void add_remaining(struct worker *worker, struct remaining *remaining)
{
    cleanup(worker_snapshot_release) struct worker_snapshot snapshot = {0};

    worker_status_copy(&worker->posted, &snapshot);
    for (size_t i = 0; i < snapshot.count; i++) {
        const struct partition_snapshot *partition = &snapshot.list[i];
        int64_t left = job_end(worker->job, partition->id) - partition->totals_offset;

        remaining->lag += partition->end_offset - partition->totals_offset;
        remaining->left += left > 0 ? left : 0;
    }
}

static void show_on_terminal(struct display *display, const struct report *report, double rate,
                             struct remaining remaining)
{
    int64_t all = report->read + remaining.left;

    if (display->workers->job->ends)
        bar_show(&display->bar, all ? (double)report->read / (double)all : 0, "%" PRId64 " read, %.0f/s, lag %" PRId64,
                 report->read, rate, remaining.lag);
    else
        bar_show_text(&display->bar, "%" PRId64 " read, %.0f/s, %" PRId64 " rejected, lag %" PRId64, report->read, rate,
                      report->rejected, remaining.lag);
}

static void show_in_log(const struct report *report, double rate, struct remaining remaining)
{
    cleanup(buffer_release) struct buffer text = {0};

    buffer_printf(&text,
                  "%" PRId64 " messages read (%.0f/s), %" PRId64 " totalled, %" PRId64 " rejected, %" PRId64
                  " archived in %" PRId64 " files, lag %" PRId64,
                  report->read, rate, report->totalled, report->rejected, report->archived, report->files,
                  remaining.lag);
    log_line(LEVEL_INFO, "%s", text.data);
    notify_send("STATUS=%s", text.data);
}

void display_show(struct display *display)
{
    struct report report = report_of(display->workers, display->count);
    int64_t now = time_monotonic_ms();
    double rate = 0;
    struct remaining remaining = {0};

    if (now > display->shown_ms)
        rate = (double)(report.read - display->shown_read) * 1000 / (double)(now - display->shown_ms);
    for (size_t i = 0; i < display->count; i++)
        add_remaining(&display->workers[i], &remaining);
    if (display->bar.terminal)
        show_on_terminal(display, &report, rate, remaining);
    else
        show_in_log(&report, rate, remaining);
    display->shown_ms = now;
    display->shown_read = report.read;
}

void display_end(struct display *display)
{
    bar_end(&display->bar);
}
