#include "speed/commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/totals.h"

/* SQLSTATE numeric_value_out_of_range. */
#define SUM_OUT_OF_RANGE "22003"

struct commit {
    struct pipeline pipeline;
    struct progress_step *steps;
    size_t step_count;
    struct hour_bytes *hours; /* ascending */
    size_t hour_count;
    int64_t rejected[REJECT_REASONS];
    int64_t rows;
    int64_t begin_us;
};

static void end_commit(struct worker *worker)
{
    struct commit *commit = worker->commit;

    pipeline_release(&commit->pipeline);
    free(commit->steps);
    free(commit->hours);
    free(commit);
    worker->commit = NULL;
}

/* Users come first and in the order of windows, and each event has one user. */
static void sum_hours(struct commit *commit, const struct total *totals, size_t count)
{
    commit->hours = memory_new(count, sizeof(*commit->hours));
    for (size_t i = 0; i < count && totals[i].dimension == DIMENSION_USER; i++) {
        int64_t hour = time_hour(totals[i].window);

        if (!commit->hour_count || commit->hours[commit->hour_count - 1].hour != hour)
            commit->hours[commit->hour_count++].hour = hour;
        commit->hours[commit->hour_count - 1].bytes += totals[i].bytes;
    }
}

static void take_steps(struct worker *worker)
{
    struct commit *commit = worker->commit;

    commit->steps = partitions_send(&worker->partitions, SIDE_TOTALS, &commit->step_count);
    for (size_t i = 0; i < commit->step_count; i++)
        commit->steps[i].end_offset = consumer_end(worker->consumer, commit->steps[i].partition);
}

static int send_totals(struct worker *worker, const struct total *totals, size_t count, struct error *error)
{
    cleanup(totals_writer_release) struct totals_writer writer;
    int status = 0;

    totals_begin_adding(&writer, &worker->commit->pipeline, worker->job->bytes_table,
                        (struct totals_labels){dimension_labels, DIMENSIONS});
    for (size_t i = 0; i < count && !status; i++)
        status =
            totals_write(&writer, totals[i].window, (int)totals[i].dimension, totals[i].name, totals[i].bytes, error);
    return status || totals_flush(&writer, error) ? -1 : 0;
}

/* The hours come last: all workers share them. */
static int send_hours(struct worker *worker, struct error *error)
{
    struct commit *commit = worker->commit;

    return commit->hour_count ? totals_count_hours(&commit->pipeline, worker->job->bytes_table, commit->hours,
                                                   commit->hour_count, error)
                              : 0;
}

static int send_transaction(struct worker *worker, struct error *error)
{
    struct commit *commit = worker->commit;
    const struct progress_key *key = &worker->job->key;
    size_t count = totals_count(worker->pending.totals);
    cleanup(memory_free) struct total *totals = totals_sorted(worker->pending.totals, &worker->pending.dictionary);

    sum_hours(commit, totals, count);
    if (pipeline_begin(&commit->pipeline, worker->postgres, error) ||
        progress_send_totals(&commit->pipeline, key, commit->steps, commit->step_count, error) ||
        send_totals(worker, totals, count, error) ||
        rejected_send(&commit->pipeline, key, &worker->pending.rejected, error) || send_hours(worker, error))
        return -1;
    return pipeline_sync(&commit->pipeline, error);
}

/* After a sum was out of range: learns which hours are full, so that the worker reads again and rejects what exceeds
 * them. The error stays as it is when no hour explains it. */
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
        excess_learn(&worker->pending.excess, full[i].hour, full[i].bytes);
    if (count)
        error_set(error, ERROR_WORLD,
                  "the bytes of the hour %s would exceed %" PRId64 ": the events that exceed it are rejected",
                  time_format(full[0].hour, text), INT64_MAX);
}

static int fail_commit(struct worker *worker, struct error *error)
{
    const struct commit *commit = worker->commit;

    if (error->kind == ERROR_FENCED)
        progress_explain_totals(worker->postgres, &worker->job->key, commit->steps, commit->step_count, error);
    else if (strcmp(postgres_sqlstate(worker->postgres), SUM_OUT_OF_RANGE) == 0)
        learn_full_hours(worker, error);
    end_commit(worker);
    return -1;
}

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
        counter_add(&counters->rejected[i], commit->rejected[i]);
    counter_add(&counters->rows, commit->rows);
    counter_set(&counters->last_commit, time_now());
    histogram_add(&counters->commits, time_monotonic_us() - commit->begin_us);
    excess_commit(&worker->pending.excess);
    end_commit(worker);
}

int64_t commit_lasts_ms(const struct worker *worker)
{
    return worker->commit ? (time_monotonic_us() - worker->commit->begin_us) / 1000 : 0;
}

int commit_advance(struct worker *worker, struct error *error)
{
    int status = pipeline_advance(&worker->commit->pipeline, error);

    if (status < 0)
        return fail_commit(worker, error);
    if (status > 0)
        note_commit(worker);
    return 0;
}

int commit_finish(struct worker *worker, struct error *error)
{
    if (!worker->commit)
        return 0;
    if (pipeline_wait(&worker->commit->pipeline, error))
        return fail_commit(worker, error);
    note_commit(worker);
    return 0;
}

int commit_begin(struct worker *worker, struct error *error)
{
    struct pending *pending = &worker->pending;
    struct commit *commit;

    if (!partitions_wait(&worker->partitions, SIDE_TOTALS))
        return 0;
    worker->commit = commit = memory_new(1, sizeof(*commit));
    commit->begin_us = time_monotonic_us();
    commit->rows = (int64_t)totals_count(pending->totals);
    memcpy(commit->rejected, pending->rejected_reasons, sizeof(commit->rejected));
    take_steps(worker);
    if (send_transaction(worker, error))
        return fail_commit(worker, error);
    pending_begin_commit(pending);
    /* What room an hour that is nearly full has is known between commits only. */
    return pending->excess.hour_count ? commit_finish(worker, error) : 0;
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
