#include "batch/batch.h"

#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/time.h"
#include "batch/job.h"
#include "postgres/server.h"

/* An idle service checks for a stop this often. */
#define STOP_CHECK_MS 100

/* Without --interval. */
#define INTERVAL_MS 10000

static void wait_for_stop(struct batch_job *job, int64_t milliseconds)
{
    int64_t until = time_monotonic_ms() + milliseconds, now;

    while (!stop_requested() && (now = time_monotonic_ms()) < until) {
        batch_job_turn(job);
        time_sleep_ms(until - now < STOP_CHECK_MS ? until - now : STOP_CHECK_MS);
    }
}

static int probe(struct batch_job *job, struct error *error)
{
    int status;

    batch_metrics_await(&job->metrics, true);
    status = batch_job_connect(job, error) || server_check_writing(job->tools.postgres, error) ? -1 : 0;
    batch_metrics_await(&job->metrics, false);
    return status;
}

/* Until the next look at the hours. */
static int wait_for_hours(struct batch_job *job, int64_t milliseconds, struct error *error)
{
    int64_t until = time_monotonic_ms() + milliseconds, left;

    while (!stop_requested() && (left = until - time_monotonic_ms()) > 0) {
        wait_for_stop(job, left < SERVER_PROBE_INTERVAL_MS ? left : SERVER_PROBE_INTERVAL_MS);
        if (!stop_requested() && probe(job, error))
            return -1;
    }
    return 0;
}

static void note_look(struct batch_job *job, const struct hour_list *hours)
{
    counter_set(&job->metrics.pending, (int64_t)hours->count);
    counter_set(&job->metrics.last_look, time_now());
    batch_metrics_set_reason(&job->metrics, "");
}

struct pruned {
    struct batch_job *job;
    struct prune_amounts sum;
};

/* The first prune may remove years of hours. Each hour counts as a turn of the loop, so that the watchdog does not end
 * the service. */
static void add_amounts(void *context, const struct prune_report *report)
{
    struct pruned *pruned = context;

    batch_job_turn(pruned->job);
    prune_add(&pruned->sum, &report->amounts);
}

/* Runs once in each hour of the clock: retention is by hours, so nothing else becomes old in between. Hours that fail
 * are logged, and tried again in the next. */
static int prune(struct batch_job *job, struct error *error)
{
    const struct prune_tools tools = {
        .postgres = job->tools.postgres, .storage_path = job->tools.input.storage_path, .limits = job->limits};
    int64_t now = time_hour(time_now());
    struct pruned pruned = {.job = job};
    const struct prune_listener listener = {add_amounts, &pruned};
    struct prune_summary summary;
    int status;

    if (!job->prunes || job->pruned_hour == now)
        return 0;
    status = prune_now(&tools, &listener, &summary, error);
    if (status && !summary.failed)
        return -1;
    job->pruned_hour = now;
    if (summary.hours || summary.rejected || summary.notices)
        log_line(LEVEL_INFO,
                 "removed what is old of %zu hours: %lld files, %lld window totals, %lld hourly totals; and %lld "
                 "rejected messages and %lld notices",
                 summary.hours, (long long)pruned.sum.files, (long long)pruned.sum.totals,
                 (long long)pruned.sum.hourly_totals, (long long)summary.rejected, (long long)summary.notices);
    return 0;
}

static int run_pending(struct batch_job *job, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};

    if (probe(job, error) || batch_job_hours(job, &hours, error))
        return -1;
    note_look(job, &hours);
    return batch_job_run(job, &hours, error) || prune(job, error) ? -1 : 0;
}

/* A dependency is unavailable: log it once, wait longer each time, and begin with a new connection. */
static void wait_for_recovery(struct batch_job *job, const struct error *cause, int64_t *pause_ms)
{
    if (stop_requested()) {
        log_error(LEVEL_WARNING, cause, "stops before its work is done, which the next start does: %s",
                  error_show(cause).text);
        return;
    }
    if (*pause_ms == 0) {
        counter_add(&job->metrics.outages, 1);
        log_error(LEVEL_WARNING, cause, "waits and will try again: %s", error_show(cause).text);
    }
    batch_metrics_set_reason(&job->metrics, cause->message);
    *pause_ms = *pause_ms ? *pause_ms * 2 : PAUSE_MIN_MS;
    if (*pause_ms > PAUSE_MAX_MS)
        *pause_ms = PAUSE_MAX_MS;
    postgres_close(job->tools.postgres);
    job->tools.postgres = NULL;
    wait_for_stop(job, *pause_ms);
}

static int follow(struct batch_job *job, struct error *error)
{
    const struct config *config = job->tools.config;
    int64_t interval_ms = config_has(config, OPTION_INTERVAL) ? config_number(config, OPTION_INTERVAL) : INTERVAL_MS;
    int64_t pause_ms = 0;
    bool ready = false;

    log_line(LEVEL_INFO, "runs hours as they are sealed or changed by late events");
    while (!stop_requested()) {
        int status;

        /* batch_job_open() has checked the environment. notify_send() returns false while the manager is busy. */
        ready = ready || notify_send("READY=1\nSTATUS=runs hours as they are sealed or changed");
        status = run_pending(job, error);

        if (!status) {
            if (pause_ms)
                log_line(LEVEL_INFO, "goes on");
            pause_ms = 0;
            status = wait_for_hours(job, interval_ms, error);
        }
        if (status && error_kind(error) != ERROR_UNAVAILABLE)
            return -1;
        if (status)
            wait_for_recovery(job, error, &pause_ms);
    }
    notify_send("STOPPING=1");
    return 0;
}

/* Runs what is pending until a stop is asked for, and serves what --listen says; waits when PostgreSQL does not answer.
 */
static int follow_hours(struct batch_job *job, struct error *error)
{
    struct metrics_server *server;
    int status;

    if (batch_metrics_serve(&job->metrics, job->tools.config, &server, error))
        return -1;
    status = follow(job, error);
    metrics_server_close(server);
    return status;
}

static int run_once(struct batch_job *job, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};

    if (batch_job_hours(job, &hours, error) || batch_job_run(job, &hours, error))
        return -1;
    if (job->summary.failed == 0)
        return 0;
    error_set(error, job->failure, "could not run %zu of %zu hours", job->summary.failed, hours.count);
    return error_hint(error, "each is logged above with its reason; antenna verify shows more");
}

int batch_run(const struct config *config, const struct batch_listener *listener, struct batch_summary *ret_summary,
              struct error *error)
{
    struct batch_job job;
    int status = batch_job_open(&job, config, listener, error);

    if (!status)
        status = config_flag(config, OPTION_FOLLOW) ? follow_hours(&job, error) : run_once(&job, error);
    *ret_summary = job.summary;
    batch_job_release(&job);
    return status;
}
