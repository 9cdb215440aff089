#include "notify/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/stop.h"
#include "base/time.h"
#include "metrics/exposition.h"

void notify_metrics_init(struct notify_metrics *metrics)
{
    *metrics = (struct notify_metrics){.lock = PTHREAD_MUTEX_INITIALIZER, .reason = "has not looked for notices yet"};
    counter_set(&metrics->silent_now, -1);
    counter_set(&metrics->turned_ms, time_monotonic_ms());
}

void notify_metrics_release(struct notify_metrics *metrics)
{
    pthread_mutex_destroy(&metrics->lock);
}

void notify_metrics_set_reason(struct notify_metrics *metrics, const char *reason)
{
    pthread_mutex_lock(&metrics->lock);
    snprintf(metrics->reason, sizeof(metrics->reason), "%s", reason);
    pthread_mutex_unlock(&metrics->lock);
}

static void write_notices(const struct notify_metrics *metrics, struct buffer *text)
{
    const struct {
        const char *result;
        const atomic_int_fast64_t *count;
    } results[] = {{"sent", &metrics->sent},
                   {"put_off", &metrics->put_off},
                   {"skipped", &metrics->skipped},
                   {"dead", &metrics->dead}};

    exposition_begin(text, METRIC_NOTICES);
    for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
        exposition_count(text, METRIC_NOTICES, (const struct label[]){{"result", results[i].result}, {NULL, NULL}},
                         counter_read(results[i].count));
}

static void write_metrics(void *context, struct buffer *text)
{
    const struct notify_metrics *metrics = context;
    int64_t last_look = counter_read(&metrics->last_look), silent = counter_read(&metrics->silent_now);
    struct histogram_figures durations = {0};

    write_notices(metrics, text);
    histogram_sum(&metrics->durations, &durations);
    exposition_histogram(text, METRIC_NOTICE_DURATION, &durations);
    if (last_look) {
        exposition_single(text, METRIC_NOTICES_WAITING, counter_read(&metrics->waiting_now));
        exposition_single(text, METRIC_NOTICES_DEAD, counter_read(&metrics->dead_now));
        exposition_single(text, METRIC_NOTICES_LAST_LOOK, last_look);
    }
    if (silent >= 0)
        exposition_single(text, METRIC_SILENT_ANTENNAS, silent);
    exposition_single(text, METRIC_OUTAGES, counter_read(&metrics->outages));
    exposition_single(text, METRIC_POSTGRES_CONNECTS, counter_read(&metrics->postgres_connects));
}

static bool answer_alive(void *context, struct buffer *reason)
{
    const struct notify_metrics *metrics = context;
    int64_t since_ms = time_monotonic_ms() - counter_read(&metrics->turned_ms);

    if (since_ms < NOTIFY_ALIVE_MS || stop_requested())
        return true;
    buffer_printf(reason, "it has not come round for %" PRId64 " s", since_ms / MS_PER_SECOND);
    return false;
}

static bool answer_ready(void *context, struct buffer *reason)
{
    struct notify_metrics *metrics = context;
    bool ready;

    if (stop_requested()) {
        buffer_text(reason, "stopping");
        return false;
    }
    pthread_mutex_lock(&metrics->lock);
    buffer_text(reason, metrics->reason);
    ready = !*metrics->reason;
    pthread_mutex_unlock(&metrics->lock);
    return ready;
}

int notify_metrics_serve(struct notify_metrics *metrics, const struct config *config,
                         struct metrics_server **ret_server, struct error *error)
{
    const struct metrics_source source = {write_metrics, answer_alive, answer_ready, metrics};

    return metrics_server_open(config, &source, ret_server, error);
}
