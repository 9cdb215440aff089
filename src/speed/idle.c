#include "speed/idle.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/offsets.h"

static bool is_written(const struct partition *partition)
{
    return partition->epoch && partition->archive.offset == partition->next_offset &&
           partition->totals.offset == partition->next_offset;
}

/* Where each partition ends of which all that was read is written. What stands behind a transaction that is still open
 * is to come, though it cannot be read yet. */
static size_t find_ends(const struct worker *worker, struct position *ends)
{
    size_t count = 0;
    struct error ignored;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (is_written(&worker->partitions.list[i]))
            ends[count++].partition = worker->partitions.list[i].id;
    return count && offsets_query_ends(worker->job->inquirer, worker->job->key.topic, KAFKA_QUICK_ANSWER_MS, ends,
                                       count, &ignored)
               ? 0
               : count;
}

static size_t find_idle(const struct worker *worker, struct progress *idle)
{
    struct position *ends = memory_new(worker->partitions.count + 1, sizeof(*ends));
    size_t asked = find_ends(worker, ends), count = 0;

    for (size_t i = 0; i < asked; i++) {
        const struct partition *partition = partitions_find(&worker->partitions, ends[i].partition);

        if (ends[i].offset == partition->next_offset)
            idle[count++] = partition_progress(partition);
    }
    free(ends);
    return count;
}

int note_idle_partitions(struct worker *worker, struct error *error)
{
    struct progress *idle = memory_new(worker->partitions.count + 1, sizeof(*idle));
    int64_t now = time_now(); /* read before Kafka is asked: what arrived until then was there to be read */
    size_t count = consumer_is_cut_off(worker->consumer) ? 0 : find_idle(worker, idle);
    int status = count ? progress_note_idle(worker->postgres, &worker->job->key, idle, count, now, error) : 0;

    free(idle);
    return status;
}
