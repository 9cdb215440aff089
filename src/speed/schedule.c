#include "speed/schedule.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/server.h"
#include "speed/commit.h"
#include "speed/outage.h"
#include "speed/probe.h"
#include "speed/roll.h"

#define MIRROR_INTERVAL_MS 5000
#define IDLE_INTERVAL_MS 5000

/* A roll takes a second or so. The worker waits for one that does not end, as on a disk that hangs: then it stands, and
 * readiness and the watchdog show it. */
#define ROLL_PATIENCE_MS 30000

/* Totals wait for such a part of the lag. */
#define LAG_SHARE 4

/* A commit that took t is followed by no other for this many t, unless memory is full: when PostgreSQL is the
 * bottleneck, events that wait are summed instead of written one by one. */
#define REST_AFTER_COMMIT 4

static void note_end_of_commit(struct worker *worker, int64_t lasted_ms)
{
    worker->timers.rest_until = time_monotonic_ms() + REST_AFTER_COMMIT * lasted_ms;
    if (!worker->outage.roll_failed)
        end_outage(worker);
}

static int finish_commit(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms(), begin = now - commit_lasts_ms(worker);

    if (!worker->commit)
        return 0;
    standing_post(worker, now);
    if (commit_finish(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    note_end_of_commit(worker, time_monotonic_ms() - begin);
    return 0;
}

int begin_commit(struct worker *worker, struct error *error)
{
    if (finish_commit(worker, error))
        return -1;
    worker->timers.commit_at = 0;
    if (commit_begin(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    /* What room an hour that is nearly full has is known between commits only. */
    return worker->pending.excess.hour_count ? finish_commit(worker, error) : 0;
}

/* A commit that does not end, as when PostgreSQL hangs, is waited for: then the worker stands, and readiness and the
 * watchdog show it. */
static int follow_commit(struct worker *worker, struct error *error)
{
    int64_t lasts_ms = commit_lasts_ms(worker);

    if (lasts_ms >= COMMIT_PATIENCE_MS)
        return finish_commit(worker, error);
    if (commit_advance(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    if (!worker->commit)
        note_end_of_commit(worker, lasts_ms);
    return 0;
}

/* The totals of what was read do not wait for a disk that fails, though what is in memory is dropped. */
static void commit_after_failed_roll(struct worker *worker)
{
    struct error error;

    /* A roll that could not be listed has left its transaction. */
    if (!worker->commit)
        postgres_rollback(worker->postgres);
    if (write_to_postgres(worker, &error))
        log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error.message);
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
    if (finish_commit(worker, error))
        return -1;
    standing_post(worker, time_monotonic_ms());
    if (roll_finish(worker, error))
        return fail_roll(worker, error);
    worker->timers.idle_at = 0;
    end_outage(worker);
    return 0;
}

/* The encoder takes one part at a time. No transaction stays open, with its locks, while a disk hangs. */
static int follow_commit_while_encoding(struct worker *worker, struct error *error)
{
    while (worker->commit && worker->roll && !roll_is_encoded(worker)) {
        if (follow_commit(worker, error))
            return -1;
        time_sleep_ms(1);
    }
    return 0;
}

/* Names that have become many are forgotten when nothing refers to them: then nothing is read until the roll ends. */
int begin_roll(struct worker *worker, struct error *error)
{
    if (follow_commit_while_encoding(worker, error))
        return -1;
    /* The connection is busy: the rows go to disk all the same, and are listed together. */
    if (worker->roll && !(worker->commit && roll_takes_more(worker)) && finish_roll(worker, error))
        return -1;
    standing_post(worker, time_monotonic_ms());
    if (roll_begin(worker, error))
        return fail_roll(worker, error);
    worker->timers.roll_at = 0;
    return pending_keeps_names(&worker->pending) ? 0 : finish_roll(worker, error);
}

int write_everything(struct worker *worker, struct error *error)
{
    return begin_commit(worker, error) || finish_commit(worker, error) || begin_roll(worker, error) ||
                   finish_roll(worker, error)
               ? -1
               : 0;
}

void write_what_is_held(struct worker *worker)
{
    struct error error;

    if (worker->postgres && (write_to_postgres(worker, &error) || write_to_storage(worker, &error)))
        log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error.message);
}

/* A backlog is summed in memory: the further behind the totals are, the less a longer wait matters. */
static int64_t commit_interval_ms(const struct worker *worker)
{
    const struct job *job = worker->job;
    int64_t wait_ms = worker->lag_ms / LAG_SHARE;

    if (wait_ms > job->catch_up_interval_ms)
        wait_ms = job->catch_up_interval_ms;
    if (wait_ms < job->commit_interval_ms)
        wait_ms = job->commit_interval_ms;
    /* What shows that an outage is over is not put off. */
    return worker->outage.trouble.now && wait_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : wait_ms;
}

static void set_deadlines(struct worker *worker, int64_t now)
{
    struct worker_timers *timers = &worker->timers;
    int64_t commit_ms = commit_interval_ms(worker);

    /* When the lag ends, the wait that it allowed ends. */
    if ((!timers->commit_at || timers->commit_at > now + commit_ms) &&
        partitions_wait(&worker->partitions, SIDE_TOTALS))
        timers->commit_at = now + commit_ms;
    if (!timers->roll_at && partitions_wait(&worker->partitions, SIDE_ARCHIVE))
        timers->roll_at = now + (worker->outage.roll_failed ? commit_ms : worker->job->roll_age_ms);
}

void mirror_offsets(struct worker *worker)
{
    struct position *positions = memory_new(worker->partitions.count + 1, sizeof(*positions));
    size_t count = 0;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].epoch)
            positions[count++] =
                (struct position){worker->partitions.list[i].id, worker->partitions.list[i].totals.offset};
    consumer_mirror(worker->consumer, positions, count);
    free(positions);
}

/* Whether there is, or will be when it has been read again, something to archive. */
static bool awaits_roll(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition->archive.offset < partition->totals.offset || partition->archive.offset < partition->next_offset)
            return true;
    }
    return false;
}

/* Without pending data, which would show it, the probe shows that an outage is over. */
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

/* Does what is due of all that asks the servers, or the disk. */
static int look_at_the_world(struct worker *worker, int64_t now, struct error *error)
{
    struct worker_timers *timers = &worker->timers;

    if (now >= timers->probe_at) {
        timers->probe_at = now + SERVER_PROBE_INTERVAL_MS;
        if (probe(worker, error))
            return -1;
    }
    if (now >= timers->idle_at) {
        timers->idle_at = now + IDLE_INTERVAL_MS;
        if (note_idle_partitions(worker, error))
            return -1;
    }
    if (now >= timers->mirror_at) {
        mirror_offsets(worker);
        timers->mirror_at = now + MIRROR_INTERVAL_MS;
    }
    return 0;
}

/* Whether the connection is wanted for something else. Commits that follow each other at once, as when their rows fill
 * the memory, leave no time between them. */
static bool needs_connection(const struct worker *worker, int64_t now)
{
    return now >= worker->timers.probe_at + SERVER_PROBE_INTERVAL_MS + COMMIT_PATIENCE_MS ||
           roll_lasts_ms(worker) >= ROLL_PATIENCE_MS;
}

int write_what_is_due(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms();
    struct worker_timers *timers = &worker->timers;

    set_deadlines(worker, now);
    if (timers->roll_at && now >= timers->roll_at && !worker->roll)
        return begin_roll(worker, error);
    if (worker->commit && !needs_connection(worker, now))
        return follow_commit(worker, error);
    if (finish_commit(worker, error))
        return -1;
    if (roll_is_encoded(worker) || roll_lasts_ms(worker) >= ROLL_PATIENCE_MS)
        return finish_roll(worker, error);
    if (timers->commit_at && now >= timers->commit_at && now >= timers->rest_until)
        return begin_commit(worker, error);
    return look_at_the_world(worker, now, error);
}
