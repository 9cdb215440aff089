#include "speed/commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/totals.h"

/* SQLSTATE numeric_value_out_of_range. */
#define SUM_OUT_OF_RANGE "22003"

struct commit {
    struct pipeline pipeline;
    struct progress_step *steps;
    size_t step_count;
    struct total *totals; /* in the order in which they are written */
    size_t total_count, next;
    struct totals_writer writer;
    struct rejected rejected;
    struct hour_bytes *hours; /* ascending */
    size_t hour_count;
    int64_t rejected_reasons[REJECT_REASONS];
    int64_t begin_us;
};

static void end_commit(struct worker *worker)
{
    struct commit *commit = worker->commit;

    pipeline_release(&commit->pipeline);
    totals_writer_release(&commit->writer);
    rejected_release(&commit->rejected);
    free(commit->totals);
    free(commit->steps);
    free(commit->hours);
    free(commit);
    worker->commit = NULL;
    pending_end_commit(&worker->pending);
}

/* The bytes of each hour are those of its users, as each event has one user. Totals are sorted by kind, then by window:
 * so the hours come in ascending order, in which all workers lock the rows of antenna.hour_bytes. */
static void sum_hours(struct commit *commit)
{
    size_t hour = 0;

    for (size_t i = 0; i < commit->total_count; i++) {
        const struct total *total = &commit->totals[i];

        if (total->kind != TOTAL_USER_BYTES)
            continue;
        while (hour < commit->hour_count && commit->hours[hour].hour < time_hour(total->window))
            hour++;
        invariant(hour < commit->hour_count && commit->hours[hour].hour == time_hour(total->window));
        commit->hours[hour].bytes += total->value;
    }
}

/* The ends of the partitions are stored with the progress, so that `antenna status` shows lag without asking Kafka. */
static void take_steps(struct worker *worker)
{
    struct commit *commit = worker->commit;

    commit->steps = partitions_send(&worker->partitions, SIDE_TOTALS, &commit->step_count);
    for (size_t i = 0; i < commit->step_count; i++)
        commit->steps[i].end_offset = consumer_end(worker->consumer, commit->steps[i].partition);
}

/* Fills statements as long as the pipeline has room. totals_write() sends one when it is full, and so stops the loop
 * until the server has answered it. */
static int send_totals(struct commit *commit, struct error *error)
{
    while (commit->next < commit->total_count && pipeline_has_room(&commit->pipeline)) {
        const struct total *total = &commit->totals[commit->next++];

        if (totals_write(&commit->writer, total->window, total->kind, total->id, total->value, error))
            return -1;
    }
    return 0;
}

/* Row locks are held until COMMIT. So the rows that workers share most come last: at the very end those of the hours,
 * which all workers share. */
static int send_rest(struct worker *worker, struct error *error)
{
    struct commit *commit = worker->commit;

    if (totals_flush(&commit->writer, error) ||
        rejected_send(&commit->pipeline, &worker->job->key, &commit->rejected, error) ||
        (commit->hour_count &&
         totals_count_hours(&commit->pipeline, worker->job->bytes_table, commit->hours, commit->hour_count, error)))
        return -1;
    pipeline_commit(&commit->pipeline);
    return 0;
}

/* Sends as much as the pipeline has room for. After the last statement pipeline_commit() ends the room, so that
 * send_rest() runs once. */
static int send_more(struct worker *worker, struct error *error)
{
    struct commit *commit = worker->commit;

    if (!pipeline_has_room(&commit->pipeline))
        return 0;
    if (send_totals(commit, error))
        return -1;
    return commit->next == commit->total_count ? send_rest(worker, error) : 0;
}

/* The fence comes first: if the worker has lost a partition, the transaction fails before it locks rows of totals. The
 * row of antenna.progress stays locked until COMMIT, so that a claim by another worker waits for the outcome. */
static int send_first(struct worker *worker, struct error *error)
{
    struct commit *commit = worker->commit;

    totals_begin_adding(&commit->writer, &commit->pipeline, worker->job->bytes_table);
    if (pipeline_begin(&commit->pipeline, worker->postgres, error) ||
        progress_send_totals(&commit->pipeline, &worker->job->key, commit->steps, commit->step_count, error))
        return -1;
    return send_more(worker, error);
}

/* After a sum was out of range: finds the full hours, so that the worker reads the messages again and rejects those
 * that exceed them (full_hours.h). The error becomes one that is retried, as the next attempt will succeed. It stays as
 * it is if no hour explains it, and then ends the worker. */
static void learn_full_hours(struct worker *worker, struct error *error)
{
    const struct commit *commit = worker->commit;
    cleanup(memory_free) struct hour_bytes *full = memory_new(commit->hour_count, sizeof(*full));
    char text[TIME_TEXT_SIZE];
    struct error ignored;
    size_t count;

    postgres_rollback(worker->postgres);
    if (totals_find_full(worker->postgres, worker->job->bytes_table, commit->hours, commit->hour_count, full, &count,
                         &ignored))
        count = 0;
    for (size_t i = 0; i < count; i++)
        full_hours_note(&worker->pending.full_hours, full[i].hour, full[i].bytes);
    if (count)
        error_set(error, ANT_HOUR_FULL,
                  "the bytes of the hour %s would exceed %" PRId64 ": the events that exceed it are rejected",
                  time_format(full[0].hour, text), INT64_MAX);
}

/* The reason is looked up before the commit is freed: after a fence, in its transaction, which is still open. The
 * caller releases all claims, because a COMMIT without an answer may have succeeded: only a new claim shows the
 * offsets. */
static int fail_commit(struct worker *worker, struct error *error)
{
    const struct commit *commit = worker->commit;

    if (error_kind(error) == ERROR_FENCED)
        progress_explain_totals(worker->postgres, &worker->job->key, commit->steps, commit->step_count, error);
    else if (strcmp(postgres_sqlstate(worker->postgres), SUM_OUT_OF_RANGE) == 0)
        learn_full_hours(worker, error);
    end_commit(worker);
    return -1;
}

/* Only a confirmed commit moves offsets and counters. */
static void note_commit(struct worker *worker)
{
    const struct commit *commit = worker->commit;
    struct counters *counters = &worker->counters;

    partitions_confirm(&worker->partitions, SIDE_TOTALS, commit->steps, commit->step_count);
    for (size_t i = 0; i < commit->step_count; i++) {
        const struct progress_step *step = &commit->steps[i];
        struct partition *partition = partitions_find(&worker->partitions, step->partition);

        counter_add(&counters->totalled, step->records);
        counter_add(&counters->bytes, step->bytes);
        if (step->until > partition->totalled_until)
            partition->totalled_until = step->until;
    }
    for (int i = 0; i < REJECT_REASONS; i++)
        counter_add(&counters->rejected[i], commit->rejected_reasons[i]);
    counter_add(&counters->rows, (int64_t)commit->total_count);
    counter_set(&counters->last_commit, time_now());
    histogram_add(&counters->commits, time_monotonic_us() - commit->begin_us);
    full_hours_commit(&worker->pending.full_hours);
    end_commit(worker);
}

int64_t commit_elapsed_ms(const struct worker *worker)
{
    return worker->commit ? (time_monotonic_us() - worker->commit->begin_us) / 1000 : 0;
}

int commit_advance(struct worker *worker, struct error *error)
{
    int status = send_more(worker, error) ? -1 : pipeline_advance(&worker->commit->pipeline, error);

    if (status < 0)
        return fail_commit(worker, error);
    if (status > 0)
        note_commit(worker);
    return 0;
}

int commit_finish(struct worker *worker, struct error *error)
{
    while (worker->commit) {
        if (commit_advance(worker, error))
            return -1;
        /* With room left, statements that are not sent yet would never be answered: poll() would wait for ever. */
        if (worker->commit && !pipeline_has_room(&worker->commit->pipeline) &&
            pipeline_wait(&worker->commit->pipeline, error))
            return fail_commit(worker, error);
    }
    return 0;
}

/* Steps and sums must be of the same messages: no message may be taken between take_steps() and
 * pending_begin_commit(). */
static void detach_totals(struct worker *worker)
{
    struct pending *pending = &worker->pending;
    struct commit *commit = memory_new(1, sizeof(*commit));

    worker->commit = commit;
    commit->begin_us = time_monotonic_us();
    memcpy(commit->rejected_reasons, pending->rejected_reasons, sizeof(commit->rejected_reasons));
    take_steps(worker);
    commit->hours = totals_hours(pending->totals, &commit->hour_count);
    pending_begin_commit(pending, &commit->totals, &commit->total_count, &commit->rejected);
    sum_hours(commit);
}

int commit_begin(struct worker *worker, struct error *error)
{
    invariant(!worker->commit);
    if (!partitions_have_pending(&worker->partitions, SIDE_TOTALS))
        return 0;
    detach_totals(worker);
    return send_first(worker, error) ? fail_commit(worker, error) : 0;
}

int write_to_postgres(struct worker *worker, struct error *error)
{
    return commit_finish(worker, error) || commit_begin(worker, error) || commit_finish(worker, error) ? -1 : 0;
}

void commit_drop(struct worker *worker)
{
    if (worker->commit)
        end_commit(worker);
}
