#include "speed/idle.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/ends.h"

static bool is_archived(const struct partition *partition)
{
    return partition->epoch && partition->archive_offset == partition->next_offset;
}

/* Where each archived partition ends. What stands behind a transaction that is still open is to come, though it cannot
 * be read yet. */
static size_t find_ends(const struct worker *worker, struct position *ends)
{
    size_t count = 0;
    struct error ignored;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (is_archived(&worker->partitions.list[i]))
            ends[count++].partition = worker->partitions.list[i].id;
    return count && ends_query(worker->job->inquirer, worker->job->key.topic, KAFKA_QUICK_ANSWER_MS, ends, count,
                               &ignored)
               ? 0
               : count;
}

/* The clock is read before Kafka is asked: what arrived until then was there to be read. */
static size_t find_idle(const struct worker *worker, struct progress_step *steps)
{
    struct position *ends = memory_new(worker->partitions.count + 1, sizeof(*ends));
    int64_t now = time_now();
    size_t asked = find_ends(worker, ends), count = 0;

    for (size_t i = 0; i < asked; i++) {
        const struct partition *partition = partitions_find(&worker->partitions, ends[i].partition);

        if (ends[i].offset == partition->next_offset)
            steps[count++] =
                (struct progress_step){.partition = partition->id, .epoch = partition->epoch, .until = now};
    }
    free(ends);
    return count;
}

int note_idle_partitions(struct worker *worker, struct error *error)
{
    struct progress_step *steps = memory_new(worker->partitions.count + 1, sizeof(*steps));
    size_t count = consumer_is_cut_off(worker->consumer) ? 0 : find_idle(worker, steps);
    int status = count ? progress_note_idle(worker->postgres, &worker->job->key, steps, count, error) : 0;

    free(steps);
    return status;
}
