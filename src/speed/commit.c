#include "speed/commit.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/totals.h"

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

        if (has_totals(partition))
            steps[count++] = (struct progress_step){
                .partition = partition->id,
                .epoch = partition->epoch,
                .next_offset = partition->next_offset,
                .records = partition->to_total.records,
                .rejected = partition->to_total.rejected,
                .bytes = partition->to_total.bytes,
                .until = partition->to_total.until,
                .end_offset = consumer_end(consumer, partition->id),
            };
    }
    return count;
}

static int write_totals(struct worker *worker, struct error *error)
{
    cleanup(totals_writer_release) struct totals_writer writer;
    struct total *sorted = totals_sorted(worker->pending.totals, &worker->pending.dictionary);
    size_t count = totals_count(worker->pending.totals);
    int status = 0;

    totals_begin_adding(&writer, worker->postgres, worker->job->bytes_table,
                        (struct totals_labels){dimension_labels, DIMENSIONS});
    for (size_t i = 0; i < count && !status; i++)
        status =
            totals_write(&writer, sorted[i].window, (int)sorted[i].dimension, sorted[i].name, sorted[i].bytes, error);
    if (!status)
        status = totals_flush(&writer, error);
    free(sorted);
    return status;
}

/* The fence first: a worker that lost its partitions does no work for nothing. */
static int run_transaction(struct worker *worker, const struct progress_step *steps, size_t count, struct error *error)
{
    if (postgres_begin(worker->postgres, error) ||
        progress_advance_totals(worker->postgres, &worker->job->key, steps, count, error) ||
        write_totals(worker, error) ||
        rejected_insert(worker->postgres, &worker->job->key, &worker->pending.rejected, error))
        return -1;
    return postgres_commit(worker->postgres, error);
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

int write_to_postgres(struct worker *worker, struct error *error)
{
    struct progress_step *steps = memory_new(worker->partitions.count + 1, sizeof(*steps));
    size_t count = collect_steps(&worker->partitions, worker->consumer, steps);
    int64_t begin_us = time_monotonic_us();
    int status = count ? run_transaction(worker, steps, count, error) : 0;

    free(steps);
    if (!status && count)
        note_commit(worker, begin_us);
    return status;
}
