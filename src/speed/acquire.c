#include "speed/acquire.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/recover.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "config/jdbc.h"
#include "postgres/schema_version.h"
#include "postgres/server.h"
#include "speed/probe.h"
#include "speed/topic.h"

/* The partitions of one claim, in ascending order: what Kafka holds of each and what PostgreSQL says. */
struct claim {
    struct offset_range *ranges;
    struct progress *progress;
    size_t count;
};

static void release_claim(struct claim *claim)
{
    free(claim->ranges);
    free(claim->progress);
}

static int connect_to_postgres(struct worker *worker, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};

    if (jdbc_from_config(worker->job->config, &address, error) || postgres_open(&address, &worker->postgres, error))
        return -1;
    counter_add(&worker->counters.postgres_connects, 1);
    /* The schema may have been migrated since the start. */
    if (server_check_writing(worker->postgres, error) || schema_check_version(worker->postgres, error) ||
        progress_limit_idle_time(worker->postgres, error))
        return -1;
    return recover_files(worker->postgres, worker->staging, error);
}

static void list_unclaimed(const struct partitions *partitions, struct claim *claim)
{
    claim->ranges = memory_new(partitions->count, sizeof(*claim->ranges));
    claim->progress = memory_new(partitions->count, sizeof(*claim->progress));
    for (size_t i = 0; i < partitions->count; i++)
        if (partitions->list[i].epoch == 0)
            claim->progress[claim->count++].partition = partitions->list[i].id;
}

static int find_range(const struct worker *worker, struct claim *claim, size_t i, struct error *error)
{
    return kafka_query_range(worker->job->inquirer, worker->job->key.topic, claim->progress[i].partition,
                             KAFKA_ANSWER_TIMEOUT_MS, &claim->ranges[i], error);
}

/* What Kafka holds of the claim's partitions; one that is new to the job begins with the first of it. */
static int find_ranges(const struct worker *worker, struct claim *claim, struct error *error)
{
    for (size_t i = 0; i < claim->count; i++) {
        if (find_range(worker, claim, i, error))
            return -1;
        claim->progress[i].totals_offset = claim->ranges[i].first;
    }
    return 0;
}

/* Where reading goes on. Without an archive its offset only follows, and nothing behind the totals' is wanted. */
static int64_t next_to_read(const struct job *job, const struct progress *progress)
{
    return job->archive ? progress->archive_offset : progress->totals_offset;
}

/* Whether a range lacks messages from the partition's offsets on, and where reading can go on instead. */
static bool lacks_messages(const struct job *job, const struct progress *progress, const struct offset_range *range,
                           struct progress *ret_after)
{
    *ret_after = *progress;
    if (progress->totals_offset > range->end) {
        ret_after->totals_offset = range->end;
        ret_after->archive_offset = range->end;
        return true;
    }
    if (progress->archive_offset < range->first)
        ret_after->archive_offset = range->first;
    if (progress->totals_offset < range->first)
        ret_after->totals_offset = range->first;
    return next_to_read(job, progress) < range->first;
}

/* As lacks_messages(), of what Kafka holds now: before our claim, another worker may have read on beyond the range that
 * we had looked at. Returns 1 for a loss. */
static int find_loss(const struct worker *worker, struct claim *claim, size_t i, struct progress *ret_after,
                     struct error *error)
{
    if (!lacks_messages(worker->job, &claim->progress[i], &claim->ranges[i], ret_after))
        return 0;
    if (find_range(worker, claim, i, error))
        return -1;
    return lacks_messages(worker->job, &claim->progress[i], &claim->ranges[i], ret_after) ? 1 : 0;
}

static void describe_loss(struct buffer *text, const struct job *job, const struct progress *progress,
                          const struct offset_range *range)
{
    int64_t next = next_to_read(job, progress);

    buffer_printf(text, "%spartition %d is read up to offset %" PRId64, text->size ? "; " : "",
                  (int)progress->partition, next);
    if (progress->totals_offset > range->end)
        buffer_printf(text, " (totals: %" PRId64 "), but ends at %" PRId64 ": it was shortened",
                      progress->totals_offset, range->end);
    else
        buffer_printf(text, " (totals: %" PRId64 "), but begins at %" PRId64 ": %" PRId64 " messages are gone",
                      progress->totals_offset, range->first, range->first - next);
}

static int accept_loss(struct worker *worker, struct progress *progress, const struct progress *after,
                       struct error *error)
{
    if (progress_skip_lost(worker->postgres, &worker->job->key, after, error))
        return -1;
    *progress = *after;
    return 0;
}

static int check_losses(struct worker *worker, struct claim *claim, struct error *error)
{
    cleanup(buffer_release) struct buffer lost = {0};
    const struct progress_key *key = &worker->job->key;

    for (size_t i = 0; i < claim->count; i++) {
        struct progress after;
        int found = find_loss(worker, claim, i, &after, error);

        if (found < 0)
            return -1;
        if (!found)
            continue;
        describe_loss(&lost, worker->job, &claim->progress[i], &claim->ranges[i]);
        if (worker->job->accept_loss && accept_loss(worker, &claim->progress[i], &after, error))
            return -1;
    }
    if (lost.size == 0)
        return 0;
    if (worker->job->accept_loss) {
        log_line(LOG_WARNING, "accepted a loss of topic \"%s\", recorded in antenna.loss: %s", key->topic, lost.data);
        return 0;
    }
    error_set(error, ERROR_MISTAKE, "Kafka no longer holds messages of topic \"%s\" that job \"%s\" has not read: %s",
              key->topic, key->job, lost.data);
    return error_hint(error, "--accept-loss goes on with what is there and records the loss in antenna.loss");
}

/* A standby that lost the last commits, or a restored backup, has taken PostgreSQL's place. The totals lack just what
 * will be read again, but the archive may have files that the list has not. */
static void tell_of_going_back(struct worker *worker, const struct claim *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        const struct progress *progress = &claim->progress[i];
        const struct partition *partition = partitions_find(&worker->partitions, progress->partition);

        if (progress->totals_offset < partition->confirmed_offset)
            log_line_at(LOG_WARNING, (struct log_place){progress->partition, progress->totals_offset},
                        "PostgreSQL has gone back: it had confirmed partition %d up to offset %" PRId64
                        " and now says %" PRId64 ", from where it is read again; antenna verify names archive files "
                        "that are to be moved aside",
                        (int)progress->partition, partition->confirmed_offset, progress->totals_offset);
    }
}

/* A claim takes effect only when reading has begun: a failure in between is repeated from the start. */
static int begin_to_read(struct worker *worker, const struct claim *claim, struct error *error)
{
    struct position *positions = memory_new(claim->count, sizeof(*positions));
    int status;

    for (size_t i = 0; i < claim->count; i++)
        positions[i] = (struct position){claim->progress[i].partition, next_to_read(worker->job, &claim->progress[i])};
    status = consumer_assign(worker->consumer, positions, claim->count, error);
    free(positions);
    for (size_t i = 0; i < claim->count && !status; i++) {
        const struct progress *progress = &claim->progress[i];
        struct partition *partition = partitions_find(&worker->partitions, progress->partition);
        int64_t next = next_to_read(worker->job, progress);

        *partition = (struct partition){
            .id = progress->partition,
            .reading = true,
            .epoch = progress->epoch,
            .totals_offset = progress->totals_offset,
            .archive_offset = progress->archive_offset,
            .next_offset = next,
        };
        log_line_at(LOG_DEBUG, (struct log_place){progress->partition, next},
                    "worker %d reads partition %d from offset %" PRId64 " on, the totals from %" PRId64
                    ", by epoch %" PRId64,
                    worker->number, (int)progress->partition, next, progress->totals_offset, progress->epoch);
    }
    return status;
}

int acquire_partitions(struct worker *worker, struct error *error)
{
    cleanup(release_claim) struct claim claim = {0};
    bool connects = !worker->postgres;
    size_t unclaimed = partitions_count_unclaimed(&worker->partitions);

    if (connects && (staging_check_space(worker->staging, error) || connect_to_postgres(worker, error)))
        return -1;
    /* Whoever had these partitions before us may be dead, and nobody may ever start in its place. */
    if ((connects || unclaimed) && recover_abandoned(worker->postgres, worker->job->storage_root, error))
        return -1;
    if (!unclaimed)
        return 0;
    list_unclaimed(&worker->partitions, &claim);
    if (topic_check(worker, error) || find_ranges(worker, &claim, error) ||
        progress_claim(worker->postgres, &worker->job->key, worker->owner, claim.progress, claim.count, error) ||
        check_losses(worker, &claim, error))
        return -1;
    tell_of_going_back(worker, &claim);
    worker->timers.post_at = 0;
    /* Until then it is known what is to be written. */
    worker->timers.probe_at = time_monotonic_ms() + PROBE_INTERVAL_MS;
    return begin_to_read(worker, &claim, error);
}
