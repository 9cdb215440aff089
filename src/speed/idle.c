#include "speed/idle.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"

/* The worker has other work than to wait for an answer that it can ask for again. */
#define ANSWER_TIMEOUT_MS 1000

static bool is_archived(const struct partition *partition)
{
    return partition->epoch && partition->archive_offset == partition->next_offset;
}

/* The clock is read before Kafka is asked: what arrived until then was there to be read. */
static size_t find_idle(struct worker *worker, struct progress_step *steps)
{
    size_t count = 0;

    for (size_t i = 0; i < worker->partitions.count; i++) {
        const struct partition *partition = &worker->partitions.list[i];
        int64_t now = time_now();
        struct offset_range range;
        struct error ignored;

        if (!is_archived(partition))
            continue;
        /* Kafka is away: none of the others would be answered for either. */
        if (kafka_query_range(worker->job->inquirer, worker->job->key.topic, partition->id, ANSWER_TIMEOUT_MS, &range,
                              &ignored))
            break;
        if (range.end <= partition->next_offset)
            steps[count++] =
                (struct progress_step){.partition = partition->id, .epoch = partition->epoch, .until = now};
    }
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
