#include "batch/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/stop.h"
#include "base/time.h"
#include "metrics/exposition.h"

void batch_metrics_init(struct batch_metrics *metrics)
{
    *metrics = (struct batch_metrics){.lock = PTHREAD_MUTEX_INITIALIZER, .reason = "has not looked for hours yet"};
    batch_metrics_turn(metrics);
}

void batch_metrics_release(struct batch_metrics *metrics)
{
    pthread_mutex_destroy(&metrics->lock);
}

/* A text needs a lock, unlike the counters: the server's thread could read half of it. */
void batch_metrics_set_reason(struct batch_metrics *metrics, const char *reason)
{
    pthread_mutex_lock(&metrics->lock);
    snprintf(metrics->reason, sizeof(metrics->reason), "%s", reason);
    pthread_mutex_unlock(&metrics->lock);
}

void batch_metrics_turn(struct batch_metrics *metrics)
{
    counter_set(&metrics->turned_ms, time_monotonic_ms());
}

void batch_metrics_await(struct batch_metrics *metrics, bool awaited)
{
    counter_set(&metrics->asked_ms, awaited ? time_monotonic_ms() : 0);
}

static void write_hours(const struct batch_metrics *metrics, struct buffer *text)
{
    const struct label done[] = {{"result", "done"}, {NULL, NULL}}, failed[] = {{"result", "failed"}, {NULL, NULL}};
    struct histogram_figures durations = {0};

    exposition_begin(text, METRIC_BATCH_RUNS);
    exposition_count(text, METRIC_BATCH_RUNS, done, counter_read(&metrics->done));
    exposition_count(text, METRIC_BATCH_RUNS, failed, counter_read(&metrics->failed));
    histogram_sum(&metrics->durations, &durations);
    exposition_histogram(text, METRIC_BATCH_RUN_DURATION, &durations);
}

static void write_metrics(void *context, struct buffer *text)
{
    const struct batch_metrics *metrics = context;
    int64_t last_look = counter_read(&metrics->last_look);

    write_hours(metrics, text);
    exposition_single(text, METRIC_BATCH_ROWS, counter_read(&metrics->rows));
    exposition_single(text, METRIC_BATCH_BYTES, counter_read(&metrics->bytes));
    exposition_single(text, METRIC_BATCH_PENDING_RUNS, counter_read(&metrics->pending));
    if (last_look)
        exposition_single(text, METRIC_BATCH_LAST_LOOK, last_look);
    exposition_single(text, METRIC_OUTAGES, counter_read(&metrics->outages));
    exposition_single(text, METRIC_POSTGRES_CONNECTS, counter_read(&metrics->postgres_connects));
}

static bool answer_alive(void *context, struct buffer *reason)
{
    const struct batch_metrics *metrics = context;
    int64_t since_ms = time_monotonic_ms() - counter_read(&metrics->turned_ms);

    if (since_ms < BATCH_ALIVE_MS || stop_requested())
        return true;
    buffer_printf(reason, "an hour has been run for %" PRId64 " s", since_ms / MS_PER_SECOND);
    return false;
}

static bool answer_ready(void *context, struct buffer *reason)
{
    struct batch_metrics *metrics = context;
    int64_t asked_ms = counter_read(&metrics->asked_ms), since_ms = asked_ms ? time_monotonic_ms() - asked_ms : 0;
    bool ready = false;

    if (stop_requested())
        buffer_text(reason, "stopping");
    else if (since_ms >= BATCH_READY_MS)
        buffer_printf(reason, "PostgreSQL has not answered for %" PRId64 " s", since_ms / MS_PER_SECOND);
    else {
        pthread_mutex_lock(&metrics->lock);
        buffer_text(reason, metrics->reason);
        ready = !*metrics->reason;
        pthread_mutex_unlock(&metrics->lock);
    }
    return ready;
}

int batch_metrics_serve(struct batch_metrics *metrics, const struct config *config, struct metrics_server **ret_server,
                        struct error *error)
{
    const struct metrics_source source = {write_metrics, answer_alive, answer_ready, metrics};

    return metrics_server_open(config, &source, ret_server, error);
}
