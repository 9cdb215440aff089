#include "speed/worker_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "speed/commit.h"
#include "speed/schedule.h"

void worker_status_init(struct worker_status *status)
{
    *status = (struct worker_status){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void worker_status_release(struct worker_status *status)
{
    worker_snapshot_release(&status->snapshot);
    pthread_mutex_destroy(&status->lock);
}

void worker_snapshot_release(struct worker_snapshot *snapshot)
{
    free(snapshot->list);
    *snapshot = (struct worker_snapshot){0};
}

static const struct partition_snapshot *find(const struct worker_snapshot *snapshot, int32_t id)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->list[i].id == id)
            return &snapshot->list[i];
    return NULL;
}

/* The end comes from the last fetch and may be older than the offset: lag must not become negative. */
static struct partition_snapshot snapshot_partition(const struct worker *worker, const struct partition *partition)
{
    int64_t end = consumer_end(worker->consumer, partition->id);

    return (struct partition_snapshot){
        .id = partition->id,
        .epoch = partition->epoch,
        .totals_offset = partition->totals.offset,
        .archive_offset = partition->archive.offset,
        .end_offset = end > partition->totals.offset ? end : partition->totals.offset,
        .totalled_until = partition->totalled_until,
    };
}

/* A partition whose claim was released keeps its last values: during an outage its lag must grow, not vanish from the
 * metrics. The own thread is the only writer, so it reads the snapshot without the lock. */
static struct worker_snapshot take_snapshot(const struct worker *worker, int64_t now_ms)
{
    const struct partitions *partitions = &worker->partitions;
    struct worker_snapshot snapshot = {.posted_ms = now_ms,
                                       .list = memory_new(partitions->count + 1, sizeof(*snapshot.list))};

    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];
        const struct partition_snapshot *before = find(&worker->posted.snapshot, partition->id);

        if (partition->epoch)
            snapshot.list[snapshot.count++] = snapshot_partition(worker, partition);
        else if (before)
            snapshot.list[snapshot.count++] = *before;
    }
    return snapshot;
}

/* The first reason that applies, from cause to effect: an outage also leaves partitions unclaimed. */
static void find_reason(const struct worker *worker, char *reason, size_t size)
{
    size_t unclaimed = partitions_count_unclaimed(&worker->partitions);

    if (worker->outage.trouble.now)
        snprintf(reason, size, "worker %d waits: %s", worker->number, worker->outage.cause.message);
    else if (worker->disconnected.now)
        snprintf(reason, size, "worker %d reaches no Kafka broker", worker->number);
    else if (worker->joining)
        snprintf(reason, size, "worker %d waits for the consumer group to give it partitions", worker->number);
    else if (!worker->postgres || unclaimed)
        snprintf(reason, size, "worker %d has %zu partitions to claim", worker->number, unclaimed);
    else if (commit_elapsed_ms(worker) >= COMMIT_PATIENCE_MS)
        snprintf(reason, size, "worker %d waits for PostgreSQL to answer a commit", worker->number);
    else if (worker->disk.trouble.now)
        snprintf(reason, size, "worker %d cannot archive: %s", worker->number, worker->disk.cause.message);
}

void worker_status_post(struct worker *worker, int64_t now_ms)
{
    struct worker_status *status = &worker->posted;
    struct worker_snapshot snapshot = take_snapshot(worker, now_ms), before;

    find_reason(worker, snapshot.reason, sizeof(snapshot.reason));
    /* Under the lock only the structs are exchanged: allocation and release happen outside, so that a reader never
     * delays the worker for long. */
    pthread_mutex_lock(&status->lock);
    before = status->snapshot;
    status->snapshot = snapshot;
    pthread_mutex_unlock(&status->lock);
    worker_snapshot_release(&before);
}

/* The list is copied under the lock, because worker_status_post() frees it. */
void worker_status_copy(struct worker_status *status, struct worker_snapshot *ret_snapshot)
{
    pthread_mutex_lock(&status->lock);
    *ret_snapshot = status->snapshot;
    ret_snapshot->list = memory_new(ret_snapshot->count + 1, sizeof(*ret_snapshot->list));
    if (ret_snapshot->count)
        memcpy(ret_snapshot->list, status->snapshot.list, ret_snapshot->count * sizeof(*ret_snapshot->list));
    pthread_mutex_unlock(&status->lock);
}
