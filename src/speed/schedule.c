#include "speed/schedule.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "speed/commit.h"
#include "speed/idle.h"
#include "speed/outage.h"
#include "speed/probe.h"
#include "speed/roll.h"
#include "speed/topic.h"

#define MIRROR_INTERVAL_MS 5000
#define IDLE_INTERVAL_MS 5000

/* A roll takes a second or so. The worker waits for one that does not end, as on a disk that hangs: then it stands, and
 * readiness and the watchdog show it. */
#define ROLL_PATIENCE_MS 30000

/* A commit that took t is followed by no other for this many t, unless memory is full: when PostgreSQL is the
 * bottleneck, events that wait are summed instead of written one by one. */
#define REST_AFTER_COMMIT 4

int commit_totals(struct worker *worker, struct error *error)
{
    int64_t begin = time_monotonic_ms(), end;

    standing_post(worker, begin);
    if (write_to_postgres(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    end = time_monotonic_ms();
    worker->timers.commit_at = 0;
    worker->timers.rest_until = end + REST_AFTER_COMMIT * (end - begin);
    if (!worker->outage.roll_failed)
        end_outage(worker);
    return 0;
}

/* The totals of what was read do not wait for a disk that fails, though what is in memory is dropped. */
static void commit_after_failed_roll(struct worker *worker)
{
    struct error error;

    postgres_rollback(worker->postgres);
    if (write_to_postgres(worker, &error))
        log_line(LOG_DEBUG, "worker %d: %s", worker->number, error.message);
}

static int fail_roll(struct worker *worker, const struct error *error)
{
    worker->outage.roll_failed = true;
    if (error->kind == ERROR_WORLD)
        commit_after_failed_roll(worker);
    return -1;
}

static int finish_roll(struct worker *worker, struct error *error)
{
    standing_post(worker, time_monotonic_ms());
    if (roll_finish(worker, error))
        return fail_roll(worker, error);
    worker->timers.idle_at = 0;
    end_outage(worker);
    return 0;
}

/* Names that have become many are forgotten when nothing refers to them: then nothing is read until the roll ends. */
int begin_roll(struct worker *worker, struct error *error)
{
    if (worker->roll && finish_roll(worker, error))
        return -1;
    standing_post(worker, time_monotonic_ms());
    if (roll_begin(worker, error))
        return fail_roll(worker, error);
    worker->timers.roll_at = 0;
    return pending_keeps_names(&worker->pending) ? 0 : finish_roll(worker, error);
}

int write_everything(struct worker *worker, struct error *error)
{
    return commit_totals(worker, error) || begin_roll(worker, error) || finish_roll(worker, error) ? -1 : 0;
}

void write_what_is_held(struct worker *worker)
{
    struct error error;

    if (worker->postgres && (write_to_postgres(worker, &error) || write_to_storage(worker, &error)))
        log_line(LOG_DEBUG, "worker %d: %s", worker->number, error.message);
}

static void set_deadlines(struct worker *worker, int64_t now)
{
    struct worker_timers *timers = &worker->timers;
    int64_t commit_ms = worker->job->commit_interval_ms;

    /* What shows that an outage is over is not put off. */
    if (worker->outage.trouble.now && commit_ms > OUTAGE_PAUSE_MAX_MS)
        commit_ms = OUTAGE_PAUSE_MAX_MS;
    for (size_t i = 0; i < worker->partitions.count; i++) {
        const struct partition *partition = &worker->partitions.list[i];

        if (!timers->commit_at && partition->next_offset > partition->totals_offset)
            timers->commit_at = now + commit_ms;
        if (!timers->roll_at && partition->next_offset > partition->rolling_offset)
            timers->roll_at = now + (worker->outage.roll_failed ? commit_ms : worker->job->roll_age_ms);
    }
}

void mirror_offsets(struct worker *worker)
{
    struct position *positions = memory_new(worker->partitions.count + 1, sizeof(*positions));
    size_t count = 0;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].epoch)
            positions[count++] =
                (struct position){worker->partitions.list[i].id, worker->partitions.list[i].totals_offset};
    consumer_mirror(worker->consumer, positions, count);
    free(positions);
}

/* Whether there is, or will be when it has been read again, something to archive. */
static bool awaits_roll(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition->archive_offset < partition->totals_offset || partition->archive_offset < partition->next_offset)
            return true;
    }
    return false;
}

/* Where nothing is to be written that could show it, the probe shows that an outage is over. */
static int probe(struct worker *worker, struct error *error)
{
    bool has_work = worker->timers.commit_at || (worker->outage.roll_failed && awaits_roll(&worker->partitions));

    if (topic_check_again(worker, error)) {
        write_what_is_held(worker);
        return -1;
    }
    if (probe_world(worker, error))
        return -1;
    if (!has_work && !worker->joining && partitions_count_unclaimed(&worker->partitions) == 0)
        end_outage(worker);
    return 0;
}

int write_what_is_due(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms();
    struct worker_timers *timers = &worker->timers;

    set_deadlines(worker, now);
    if (roll_is_encoded(worker) || roll_lasts_ms(worker) >= ROLL_PATIENCE_MS)
        return finish_roll(worker, error);
    if (timers->roll_at && now >= timers->roll_at && !worker->roll)
        return commit_totals(worker, error) || begin_roll(worker, error) ? -1 : 0;
    if (timers->commit_at && now >= timers->commit_at && now >= timers->rest_until)
        return commit_totals(worker, error);
    if (now >= timers->probe_at) {
        timers->probe_at = now + PROBE_INTERVAL_MS;
        return probe(worker, error);
    }
    if (now >= timers->idle_at) {
        timers->idle_at = now + IDLE_INTERVAL_MS;
        return note_idle_partitions(worker, error);
    }
    if (now >= timers->mirror_at) {
        mirror_offsets(worker);
        timers->mirror_at = now + MIRROR_INTERVAL_MS;
    }
    return 0;
}
