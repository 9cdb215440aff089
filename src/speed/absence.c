#include "speed/absence.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/time.h"
#include "postgres/login.h"
#include "postgres/server.h"

/* A stop is noticed within this time. */
#define TURN_MS 20

static int ask_postgres(const struct worker *worker, struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;

    return login(worker->job->config, &postgres, error) || server_check_writing(postgres, error) ? -1 : 0;
}

/* The disk first, as it answers at once. */
static int ask_dependencies(const struct worker *worker, struct error *error)
{
    return staging_check_space(worker->staging, error) || ask_postgres(worker, error) ? -1 : 0;
}

void absence_begin_if_due(struct worker *worker)
{
    int64_t lasted_ms = time_monotonic_ms() - worker->outage.since_ms;
    struct error cause;

    if (absence_goes_on(worker) || !worker->outage.trouble.now || lasted_ms < worker->job->leave_after_ms ||
        ask_dependencies(worker, &cause) == 0)
        return;
    log_line(LEVEL_WARNING,
             "worker %d leaves the consumer group after %" PRId64 " s, so that others read its partitions: %s",
             worker->number, lasted_ms / 1000, cause.message);
    consumer_close(worker->consumer);
    worker->consumer = NULL;
    worker->joining = false;
    partitions_release(&worker->partitions);
}

bool absence_goes_on(const struct worker *worker)
{
    return !worker->consumer;
}

int absence_wait(struct worker *worker, struct error *error)
{
    if (time_monotonic_ms() < worker->timers.retry_at) {
        time_sleep_ms(TURN_MS);
        return 0;
    }
    if (ask_dependencies(worker, error) ||
        consumer_open(worker->job->config, worker->job->key.job, worker->number, &worker->consumer, error))
        return -1;
    worker->joining = true;
    log_line(LEVEL_INFO, "worker %d joins the consumer group again", worker->number);
    return 0;
}
