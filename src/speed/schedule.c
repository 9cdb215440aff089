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

/* The interval at which Kafka's own clients commit offsets (auto.commit.interval.ms): lag tools expect no more. */
#define MIRROR_INTERVAL_MS 5000

/* Event time of a partition that is read to its end lags by about this much. Each search asks Kafka for ends. */
#define IDLE_INTERVAL_MS 5000

/* A roll takes about a second. The worker waits for one that does not end, as on a disk that hangs: then its loop
 * stops, and readiness and the watchdog show it. */
#define ROLL_PATIENCE_MS 30000

/* With a lag, the totals are committed after this part of it (1/4): they get at most a quarter older than they are
 * anyhow, and each id is written once for many events. */
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

/* Waits for the commit under way, if there is one. Every other use of the connection calls this first. */
static int finish_commit(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms(), begin = now - commit_elapsed_ms(worker);

    if (!worker->commit)
        return 0;
    /* A wait posts first, so that its length is visible from outside. */
    worker_status_post(worker, now);
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
    /* For an hour that is nearly full, full_hours.h counts the pending bytes of one commit. Events that were taken
     * while it is under way would count as committed with it, and would still do so after the next commit had failed.
     */
    return worker->pending.full_hours.hour_count ? finish_commit(worker, error) : 0;
}

/* A commit that does not end, as when PostgreSQL hangs, is waited for: then the loop stops, and readiness and the
 * watchdog show it. */
static int follow_commit(struct worker *worker, struct error *error)
{
    int64_t lasts_ms = commit_elapsed_ms(worker);

    if (lasts_ms >= COMMIT_PATIENCE_MS)
        return finish_commit(worker, error);
    if (commit_advance(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    if (!worker->commit)
        note_end_of_commit(worker, lasts_ms);
    return 0;
}

/* The failed roll releases all claims and drops what is in memory. The totals are saved before that: they must go on
 * while the disk fails, and the messages are then read again for the archive only. */
static void commit_after_failed_roll(struct worker *worker)
{
    struct error error;

    /* Without a commit under way, the connection may be inside the transaction of the listing that failed. A commit
     * that is under way has its own transaction, which must not be rolled back here. */
    if (!worker->commit)
        postgres_rollback(worker->postgres);
    if (write_to_postgres(worker, &error))
        log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error.message);
}

static int fail_roll(struct worker *worker, const struct error *error)
{
    worker->outage.roll_failed = true;
    if (error_kind(error) == ERROR_UNAVAILABLE)
        commit_after_failed_roll(worker);
    return -1;
}

static int finish_roll(struct worker *worker, struct error *error)
{
    if (finish_commit(worker, error))
        return -1;
    worker_status_post(worker, time_monotonic_ms());
    if (roll_finish(worker, error))
        return fail_roll(worker, error);
    worker->timers.idle_at = 0;
    end_outage(worker);
    return 0;
}

/* The encoder takes one part at a time, so the last part must be written first. Meanwhile the commit goes on: if it
 * waited for the disk, a hanging disk would keep its transaction open, with its locks, and stop other workers. */
static int follow_commit_while_encoding(struct worker *worker, struct error *error)
{
    while (worker->commit && worker->roll && !roll_is_encoded(worker)) {
        if (follow_commit(worker, error))
            return -1;
        time_sleep_ms(1);
    }
    return 0;
}

/* When names have become too many, the roll is waited for: they can be forgotten only when no row refers to them, and
 * reading on would add rows. */
int begin_roll(struct worker *worker, struct error *error)
{
    if (follow_commit_while_encoding(worker, error))
        return -1;
    /* While a commit has the connection, the roll under way cannot be listed. The new rows become a further part of it,
     * so that the worker need not stop reading. */
    if (worker->roll && !(worker->commit && roll_has_room(worker)) && finish_roll(worker, error))
        return -1;
    worker_status_post(worker, time_monotonic_ms());
    if (roll_begin(worker, error))
        return fail_roll(worker, error);
    worker->timers.roll_at = 0;
    return pending_keeps_names(&worker->pending) ? 0 : finish_roll(worker, error);
}

/* Both sides in full. Between finish_commit() and finish_roll() no message is read, so that both reach next_offset: a
 * worker that then releases its partitions leaves nothing to read again. */
int write_everything(struct worker *worker, struct error *error)
{
    return begin_commit(worker, error) || finish_commit(worker, error) || begin_roll(worker, error) ||
                   finish_roll(worker, error)
               ? -1
               : 0;
}

void try_write_everything(struct worker *worker)
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

/* A deadline starts with the first pending message, not with the end of the last commit: a quiet topic is committed
 * within the interval as well. 0 means that nothing is pending. */
static void set_deadlines(struct worker *worker, int64_t now)
{
    struct worker_timers *timers = &worker->timers;
    int64_t commit_ms = commit_interval_ms(worker);

    /* When the lag ends, the wait that it allowed ends. */
    if ((!timers->commit_at || timers->commit_at > now + commit_ms) &&
        partitions_have_pending(&worker->partitions, SIDE_TOTALS))
        timers->commit_at = now + commit_ms;
    if (!timers->roll_at && partitions_have_pending(&worker->partitions, SIDE_ARCHIVE))
        timers->roll_at = now + (worker->outage.roll_failed ? commit_ms : worker->job->roll_age_ms);
}

/* The totals' offsets, which are in PostgreSQL already. A failure is harmless: no antenna process reads them. */
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

/* Whether a partition has messages to archive, now or after they were read again. */
static bool has_unarchived(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition->archive.offset < partition->totals.offset || partition->archive.offset < partition->next_offset)
            return true;
    }
    return false;
}

/* Usually the next commit or roll shows that an outage is over. Without pending data there is none, and the probe takes
 * its place. */
static int probe(struct worker *worker, struct error *error)
{
    bool has_work = worker->timers.commit_at || (worker->outage.roll_failed && has_unarchived(&worker->partitions));

    /* A recreated topic ends the job. Its old messages are gone from Kafka, so memory is written first. */
    if (topic_check_again(worker, error)) {
        try_write_everything(worker);
        return -1;
    }
    if (probe_dependencies(worker, error))
        return -1;
    if (!has_work && !worker->joining && partitions_count_unclaimed(&worker->partitions) == 0)
        end_outage(worker);
    return 0;
}

/* Runs the periodic checks that are due. Each uses the connection or asks Kafka, so no commit may be under way. */
static int run_due_checks(struct worker *worker, int64_t now, struct error *error)
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

/* Whether the commit under way must be waited for, because something else needs the connection: the probe, which is
 * long overdue, or a roll. Commits that follow each other at once, as when their rows fill the memory, leave no time
 * between them, and would put off both for ever. */
static bool needs_connection(const struct worker *worker, int64_t now)
{
    return now >= worker->timers.probe_at + SERVER_PROBE_INTERVAL_MS + COMMIT_PATIENCE_MS ||
           roll_elapsed_ms(worker) >= ROLL_PATIENCE_MS;
}

/*
 * At most one action in a turn, so that the worker reads in between. The order is a priority:
 * - A roll starts even while a commit is under way, as it needs no connection.
 * - A commit under way is followed until it ends or must be waited for.
 * - An encoded roll is listed before the next commit starts, or commits in a row would keep the files from readers.
 */
int run_due_action(struct worker *worker, struct error *error)
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
    if (roll_is_encoded(worker) || roll_elapsed_ms(worker) >= ROLL_PATIENCE_MS)
        return finish_roll(worker, error);
    if (timers->commit_at && now >= timers->commit_at && now >= timers->rest_until)
        return begin_commit(worker, error);
    return run_due_checks(worker, now, error);
}
