#include "speed/commit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/totals.h"

/* SQLSTATE numeric_value_out_of_range. */
#define SUM_OUT_OF_RANGE "22003"

static bool has_totals(const struct partition *partition)
{
    return partition->epoch && partition->next_offset > partition->totals_offset;
}

static size_t collect_steps(const struct partitions *partitions, const struct consumer *consumer,
                            struct progress_step *steps)
{
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (!has_totals(partition))
            continue;
        steps[count] = partition_step(partition, partition->totals_offset, &partition->to_total);
        steps[count++].end_offset = consumer_end(consumer, partition->id);
    }
    return count;
}

/* What a commit adds: the totals in the order in which they are written, and their hours in ascending order. */
struct additions {
    struct total *totals;
    size_t count;
    struct hour_bytes *hours;
    size_t hour_count;
};

static void release_additions(struct additions *additions)
{
    free(additions->totals);
    free(additions->hours);
}

/* Users come first and in the order of windows, and each event has one user. */
static void sum_hours(struct additions *additions)
{
    additions->hours = memory_new(additions->count, sizeof(*additions->hours));
    for (size_t i = 0; i < additions->count && additions->totals[i].dimension == DIMENSION_USER; i++) {
        int64_t hour = time_hour(additions->totals[i].window);

        if (!additions->hour_count || additions->hours[additions->hour_count - 1].hour != hour)
            additions->hours[additions->hour_count++].hour = hour;
        additions->hours[additions->hour_count - 1].bytes += additions->totals[i].bytes;
    }
}

static void collect_additions(struct worker *worker, struct additions *ret_additions)
{
    ret_additions->totals = totals_sorted(worker->pending.totals, &worker->pending.dictionary);
    ret_additions->count = totals_count(worker->pending.totals);
    sum_hours(ret_additions);
}

static int write_totals(struct worker *worker, const struct additions *additions, struct error *error)
{
    cleanup(totals_writer_release) struct totals_writer writer;
    int status = 0;

    totals_begin_adding(&writer, worker->postgres, worker->job->bytes_table,
                        (struct totals_labels){dimension_labels, DIMENSIONS});
    for (size_t i = 0; i < additions->count && !status; i++) {
        const struct total *total = &additions->totals[i];

        status = totals_write(&writer, total->window, (int)total->dimension, total->name, total->bytes, error);
    }
    return status || totals_flush(&writer, error) ? -1 : 0;
}

/* Hours come last: all workers share them. */
static int count_hours(struct worker *worker, const struct additions *additions, struct error *error)
{
    return additions->hour_count ? totals_count_hours(worker->postgres, worker->job->bytes_table, additions->hours,
                                                      additions->hour_count, error)
                                 : 0;
}

/* The fence first: a worker that lost its partitions does no work for nothing. */
static int run_transaction(struct worker *worker, const struct additions *additions, const struct progress_step *steps,
                           size_t count, struct error *error)
{
    if (postgres_begin(worker->postgres, error) ||
        progress_advance_totals(worker->postgres, &worker->job->key, steps, count, error) ||
        write_totals(worker, additions, error) ||
        rejected_insert(worker->postgres, &worker->job->key, &worker->pending.rejected, error) ||
        count_hours(worker, additions, error))
        return -1;
    return postgres_commit(worker->postgres, error);
}

/* After a sum was out of range: learns which hours are full, so that the worker reads again and rejects what exceeds
 * them. Always returns -1; the error stays as it is when no hour explains it. */
static int learn_full_hours(struct worker *worker, const struct additions *additions, struct error *error)
{
    struct hour_bytes *full = memory_new(additions->hour_count, sizeof(*full));
    char text[TIME_TEXT_SIZE];
    struct error ignored;
    size_t count;

    postgres_rollback(worker->postgres);
    if (totals_find_full(worker->postgres, worker->job->bytes_table, additions->hours, additions->hour_count, full,
                         &count, &ignored))
        count = 0;
    for (size_t i = 0; i < count; i++)
        excess_learn(&worker->pending.excess, full[i].hour, full[i].bytes);
    if (count)
        error_set(error, ERROR_WORLD,
                  "the bytes of the hour %s would exceed %" PRId64 ": the events that exceed it are rejected",
                  time_format(full[0].hour, text), INT64_MAX);
    free(full);
    return -1;
}

static void note_commit(struct worker *worker, int64_t begin_us)
{
    struct counters *counters = &worker->counters;

    for (size_t i = 0; i < worker->partitions.count; i++) {
        struct partition *partition = &worker->partitions.list[i];

        if (!has_totals(partition))
            continue;
        counter_add(&counters->totalled, partition->to_total.records);
        counter_add(&counters->bytes, partition->to_total.bytes);
        partition->totals_offset = partition->next_offset;
        if (partition->to_total.until > partition->totalled_until)
            partition->totalled_until = partition->to_total.until;
        partition->to_total = (struct partition_delta){0};
    }
    for (int i = 0; i < REJECT_REASONS; i++)
        counter_add(&counters->rejected[i], worker->pending.rejected_reasons[i]);
    counter_add(&counters->rows, (int64_t)totals_count(worker->pending.totals));
    counter_set(&counters->last_commit, time_now());
    histogram_add(&counters->commits, time_monotonic_us() - begin_us);
    pending_commit(&worker->pending);
}

static int write_additions(struct worker *worker, const struct progress_step *steps, size_t count, struct error *error)
{
    cleanup(release_additions) struct additions additions = {0};

    collect_additions(worker, &additions);
    if (run_transaction(worker, &additions, steps, count, error) == 0)
        return 0;
    if (strcmp(postgres_sqlstate(worker->postgres), SUM_OUT_OF_RANGE) == 0)
        return learn_full_hours(worker, &additions, error);
    return -1;
}

int write_to_postgres(struct worker *worker, struct error *error)
{
    struct progress_step *steps = memory_new(worker->partitions.count + 1, sizeof(*steps));
    size_t count = collect_steps(&worker->partitions, worker->consumer, steps);
    int64_t begin_us = time_monotonic_us();
    int status = count ? write_additions(worker, steps, count, error) : 0;

    free(steps);
    if (!status && count)
        note_commit(worker, begin_us);
    return status;
}
