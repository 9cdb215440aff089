#include "speed/outage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/identity.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "speed/commit.h"
#include "speed/roll.h"

/* Shortened by up to a half at random, so that workers do not all come back at the same moment. */
static int64_t random_pause(int64_t pause_ms)
{
    return pause_ms - (int64_t)arc4random_uniform((uint32_t)(pause_ms / 2 + 1));
}

/* Drops what is in memory, the commit and the roll under way, and every claim. Reading starts again from PostgreSQL's
 * offsets, after a pause. The commit and the roll go first, as both refer to names in memory. The connection is closed,
 * not reused: a transaction or a pipeline may be open in it. */
static int release_claims(struct worker *worker, struct error *error)
{
    int32_t *partitions = memory_new(worker->partitions.count + 1, sizeof(*partitions));
    size_t count = 0;
    int status;

    commit_drop(worker);
    roll_drop(worker);
    pending_drop(&worker->pending);
    partitions_unclaim(&worker->partitions);
    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].reading) {
            partitions[count++] = worker->partitions.list[i].id;
            worker->partitions.list[i].reading = false;
        }
    status = count ? consumer_unassign(worker->consumer, partitions, count, error) : 0;
    free(partitions);
    postgres_close(worker->postgres);
    worker->postgres = NULL;
    worker->timers.commit_at = 0;
    worker->timers.roll_at = 0;
    return status;
}

static void begin_outage(struct worker *worker, const struct error *cause)
{
    struct outage *outage = &worker->outage;

    outage->since_ms = time_monotonic_ms();
    outage->pause_ms = PAUSE_MIN_MS;
    if (error_kind(cause) == ERROR_UNAVAILABLE)
        counter_add(&worker->counters.outages, 1);
    log_trouble_begin(&outage->trouble, outage->since_ms, cause, "worker %d waits and will try again: %s",
                      worker->number, error_show(cause).text);
}

/* Each failure doubles the next pause, up to PAUSE_MAX_MS. An outage that goes on is logged once, but its cause is kept
 * up to date for readiness. */
static void begin_pause(struct worker *worker, const struct error *cause)
{
    struct outage *outage = &worker->outage;

    if (!outage->trouble.now)
        begin_outage(worker, cause);
    outage->cause = *cause;
    worker->timers.retry_at = time_monotonic_ms() + random_pause(outage->pause_ms);
    outage->pause_ms = outage->pause_ms * 2 < PAUSE_MAX_MS ? outage->pause_ms * 2 : PAUSE_MAX_MS;
}

/* identity_explain() first: an unmount during the step looks like a configuration error, which would end the worker. */
int handle_failure(struct worker *worker, struct error *error)
{
    identity_explain(worker->job->archive_path, worker->job->archive_id, error);
    if (error_kind(error) != ERROR_UNAVAILABLE && error_kind(error) != ERROR_FENCED)
        return -1;
    if (error_kind(error) == ERROR_FENCED)
        counter_add(&worker->counters.fenced, 1);
    begin_pause(worker, error);
    return release_claims(worker, error);
}

/* Called after each commit, roll or probe that would show the end of an outage; without one it does nothing. */
void end_outage(struct worker *worker)
{
    struct outage *outage = &worker->outage;

    log_trouble_end(&outage->trouble, "worker %d goes on after %" PRId64 " ms", worker->number,
                    time_monotonic_ms() - outage->since_ms);
    outage->roll_failed = false;
}
