#include "speed/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "speed/commit.h"
#include "speed/schedule.h"

void standing_init(struct standing *standing)
{
    *standing = (struct standing){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void standing_release(struct standing *standing)
{
    standing_view_release(&standing->view);
    pthread_mutex_destroy(&standing->lock);
}

void standing_view_release(struct standing_view *view)
{
    free(view->list);
    *view = (struct standing_view){0};
}

static const struct standing_partition *find(const struct standing_view *view, int32_t id)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->list[i].id == id)
            return &view->list[i];
    return NULL;
}

/* The end comes from the last fetch and may be older than the offset: lag must not become negative. */
static struct standing_partition stand(const struct worker *worker, const struct partition *partition)
{
    int64_t end = consumer_end(worker->consumer, partition->id);

    return (struct standing_partition){
        .id = partition->id,
        .epoch = partition->epoch,
        .totals_offset = partition->totals.offset,
        .archive_offset = partition->archive.offset,
        .end_offset = end > partition->totals.offset ? end : partition->totals.offset,
        .totalled_until = partition->totalled_until,
    };
}

/* A partition whose claim was released keeps its last values: during an outage its lag must grow, not vanish from the
 * metrics. The own thread is the only writer, so it reads the view without the lock. */
static struct standing_view gather(const struct worker *worker, int64_t now_ms)
{
    const struct partitions *partitions = &worker->partitions;
    struct standing_view view = {.posted_ms = now_ms, .list = memory_new(partitions->count + 1, sizeof(*view.list))};

    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];
        const struct standing_partition *before = find(&worker->standing.view, partition->id);

        if (partition->epoch)
            view.list[view.count++] = stand(worker, partition);
        else if (before)
            view.list[view.count++] = *before;
    }
    return view;
}

/* The first reason that applies, from cause to effect: an outage also leaves partitions unclaimed. */
static void find_reason(const struct worker *worker, char *reason, size_t size)
{
    size_t unclaimed = partitions_count_unclaimed(&worker->partitions);

    if (worker->outage.trouble.now)
        snprintf(reason, size, "worker %d waits: %s", worker->number, worker->outage.cause.message);
    else if (worker->cut_off.now)
        snprintf(reason, size, "worker %d reaches no Kafka broker", worker->number);
    else if (worker->joining)
        snprintf(reason, size, "worker %d waits for the consumer group to give it partitions", worker->number);
    else if (!worker->postgres || unclaimed)
        snprintf(reason, size, "worker %d has %zu partitions to claim", worker->number, unclaimed);
    else if (commit_lasts_ms(worker) >= COMMIT_PATIENCE_MS)
        snprintf(reason, size, "worker %d waits for PostgreSQL to answer a commit", worker->number);
    else if (worker->disk.trouble.now)
        snprintf(reason, size, "worker %d cannot archive: %s", worker->number, worker->disk.cause.message);
}

void standing_post(struct worker *worker, int64_t now_ms)
{
    struct standing *standing = &worker->standing;
    struct standing_view view = gather(worker, now_ms), before;

    find_reason(worker, view.reason, sizeof(view.reason));
    /* Under the lock only the structs are exchanged: allocation and release happen outside, so that a reader never
     * delays the worker for long. */
    pthread_mutex_lock(&standing->lock);
    before = standing->view;
    standing->view = view;
    pthread_mutex_unlock(&standing->lock);
    standing_view_release(&before);
}

/* The list is copied under the lock, because standing_post() frees it. */
void standing_look(struct standing *standing, struct standing_view *ret_view)
{
    pthread_mutex_lock(&standing->lock);
    *ret_view = standing->view;
    ret_view->list = memory_new(ret_view->count + 1, sizeof(*ret_view->list));
    if (ret_view->count)
        memcpy(ret_view->list, standing->view.list, ret_view->count * sizeof(*ret_view->list));
    pthread_mutex_unlock(&standing->lock);
}
