#include "speed/speed.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/time.h"
#include "kafka/property.h"
#include "metrics/server.h"
#include "speed/metrics.h"
#include "speed/prepare.h"
#include "speed/report.h"

/* With a service manager, the status of the workers is read this often: its READY=1 is at most this late. */
#define SUPERVISE_INTERVAL_MS 100

/*
 * Notifications of the service manager (base/notify.h): ready once every worker consumes its assigned partitions, and
 * alive as long as every worker's loop runs. A worker that waits for an unavailable server also runs its loop, and
 * retries in it: an outage is no reason for a restart. A worker that hangs within a turn is one.
 */
struct supervision {
    bool ready;        /* was told */
    bool stopping;     /* was told */
    int64_t turned_ms; /* when all workers had turned last */
};

struct speed {
    struct job job;
    struct worker *workers;
    size_t wanted; /* of workers */
    size_t count;  /* of workers that were started */
    size_t finished_count;
    struct display display;
    struct speed_metrics metrics;
    sem_t finished;
    struct supervision supervision;
    int64_t begin_ms;
    int64_t begin_cpu; /* of the process, nanoseconds */
};

static void init_workers(struct speed *speed)
{
    speed->wanted = (size_t)config_number(speed->job.config, OPTION_WORKERS);
    speed->workers = memory_new(speed->wanted, sizeof(*speed->workers));
    for (size_t i = 0; i < speed->wanted; i++)
        worker_init(&speed->workers[i], &speed->job, (int)i + 1, &speed->finished);
}

static void release_workers(struct speed *speed)
{
    for (size_t i = 0; i < speed->wanted; i++)
        worker_release(&speed->workers[i]);
    free(speed->workers);
}

static int start_workers(struct speed *speed, struct error *error)
{
    for (; speed->count < speed->wanted; speed->count++)
        if (worker_start(&speed->workers[speed->count], error))
            return -1;
    return 0;
}

/* Waits for a worker's end, or until `milliseconds` have passed. A signal wakes it too. */
static bool wait_for_worker(struct speed *speed, int64_t milliseconds)
{
    struct timespec until = time_deadline(milliseconds);

    return sem_clockwait(&speed->finished, CLOCK_MONOTONIC, &until) == 0;
}

static double seconds_since(int64_t begin_ms)
{
    return (double)(time_monotonic_ms() - begin_ms) / 1000;
}

static bool are_ready(const struct speed_metrics *metrics, int64_t now_ms)
{
    cleanup(buffer_release) struct buffer reason = {0};

    return speed_is_ready(metrics, now_ms, &reason);
}

/* Whether every worker has posted since this was true last: one that hangs stops the watchdog notification, although
 * the others go on. */
static bool have_turned(struct supervision *supervision, const struct speed_metrics *metrics, int64_t now_ms)
{
    if (speed_posted_ms(metrics) <= supervision->turned_ms)
        return false;
    supervision->turned_ms = now_ms;
    return true;
}

/* Sends the notifications that are due. Returns the time of the next call at the latest; INT64_MAX without a manager.
 * After a stop was requested no watchdog notification is sent: the manager limits the stop by its own time-out. */
static int64_t supervise(struct supervision *supervision, const struct speed_metrics *metrics, int64_t now_ms)
{
    if (!notify_wanted())
        return INT64_MAX;
    if (stop_requested()) {
        if (!supervision->stopping)
            supervision->stopping = notify_send("STOPPING=1\nSTATUS=writes what it has read, and stops");
    } else if (!supervision->ready && are_ready(metrics, now_ms)) {
        supervision->ready = notify_send("READY=1\nSTATUS=reads");
    }
    if (supervision->ready && !supervision->stopping && have_turned(supervision, metrics, now_ms))
        notify_alive();
    return now_ms + SUPERVISE_INTERVAL_MS;
}

/* Returns when every started worker has posted its end. A stop only makes workers finish: they write pending data
 * first, so this goes on until the last one has ended. */
static void watch_workers(struct speed *speed)
{
    int64_t stop_at = config_has(speed->job.config, OPTION_DURATION)
                          ? speed->begin_ms + config_number(speed->job.config, OPTION_DURATION)
                          : INT64_MAX;

    while (speed->finished_count < speed->count) {
        int64_t now = time_monotonic_ms(), show_at = display_due(&speed->display);
        int64_t wake_at = supervise(&speed->supervision, &speed->metrics, now);

        wake_at = wake_at < show_at ? wake_at : show_at;
        wake_at = wake_at < stop_at ? wake_at : stop_at;
        if (now >= stop_at) {
            stop_request();
            stop_at = INT64_MAX;
        } else if (now >= show_at)
            display_show(&speed->display);
        else if (wait_for_worker(speed, wake_at - now))
            speed->finished_count++;
    }
    display_end(&speed->display);
}

/* Returns the most severe failure: that of one worker stops the others, which may meet an outage then. Each worker has
 * logged its own. */
static int collect_result(struct speed *speed, struct error *error)
{
    enum error_code worst = ERROR_NONE;

    for (size_t i = 0; i < speed->count; i++) {
        const struct worker *worker = &speed->workers[i];
        enum error_code before = worst;

        worker_join(&speed->workers[i]);
        if (!worker->status)
            continue;
        error_keep_worst(&worst, &worker->error);
        if (worst != before)
            *error = worker->error;
    }
    return worst == ERROR_NONE ? 0 : -1;
}

static void log_summary(struct speed *speed)
{
    cleanup(buffer_release) struct buffer text = {0};
    struct report report = report_of(speed->workers, speed->count);

    report_summary(&report, seconds_since(speed->begin_ms), &text);
    log_line(LEVEL_INFO, "%s", text.data);
    if (!config_flag(speed->job.config, OPTION_PROFILE))
        return;
    buffer_clear(&text);
    report_profile(speed->workers, speed->count, report.read, stages_process_time() - speed->begin_cpu, &text);
    fputs(text.data, stdout);
}

static int run_workers(struct speed *speed, struct error *error)
{
    struct metrics_server *server = NULL;
    struct error worker_error;
    int status;

    speed->begin_ms = time_monotonic_ms();
    speed->begin_cpu = stages_process_time();
    sem_init(&speed->finished, 0, 0);
    init_workers(speed);
    speed->metrics = (struct speed_metrics){&speed->job, speed->workers, speed->wanted};
    display_begin(&speed->display, speed->workers, speed->wanted);
    /* All workers are initialised before the server starts, as its threads read their status from then on; and they are
     * released after it is closed. */
    status = speed_metrics_serve(&speed->metrics, &server, error);
    if (!status)
        status = start_workers(speed, error);
    if (status)
        stop_request();
    watch_workers(speed);
    if (collect_result(speed, &worker_error) && !status) {
        *error = worker_error;
        status = -1;
    }
    metrics_server_close(server);
    if (speed->count)
        log_summary(speed);
    release_workers(speed);
    sem_destroy(&speed->finished);
    return status;
}

int speed_run(const struct config *config, struct error *error)
{
    struct speed speed = {0};
    long long workers = config_number(config, OPTION_WORKERS);
    int status;

    if (metrics_server_check(config, error) || job_init(&speed.job, config, error) || property_check(config, error))
        return -1;
    log_identify(speed.job.key.job, speed.job.key.topic);
    status = prepare_job(&speed.job, error);
    if (!status) {
        log_line(LEVEL_INFO, "job \"%s\" reads topic \"%s\" with %lld worker%s into table \"%s\" and folder \"%s\"",
                 speed.job.key.job, speed.job.key.topic, workers, workers == 1 ? "" : "s", speed.job.bytes_table,
                 speed.job.storage_root);
        status = run_workers(&speed, error);
    }
    job_release(&speed.job);
    return status;
}
