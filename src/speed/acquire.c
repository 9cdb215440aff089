#include "speed/acquire.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/identity.h"
#include "archive/recover.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "kafka/offsets.h"
#include "postgres/archive_files.h"
#include "postgres/metrics.h"
#include "postgres/schema_version.h"
#include "postgres/server.h"
#include "postgres/window.h"
#include "speed/commit.h"
#include "speed/prepare.h"
#include "speed/probe.h"

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

/* Checks that the database, which may have been replaced, still belongs to the archive; check_disk() has checked the
 * folder. */
static int check_archive(struct worker *worker, struct error *error)
{
    char id[DATA_SET_ID_SIZE];

    return worker->job->archive ? identity_check(worker->postgres, worker->job->archive_path, IDENTITY_READ, id, error)
                                : 0;
}

/* The process that found our lock free has recovered our folder, or will, and has retired its token: nothing may be
 * listed from it any more. Its unlisted rows are lost with it, and their messages are read again. */
static int renew_staging(struct worker *worker, struct error *error)
{
    log_line(
        LEVEL_WARNING,
        "worker %d begins a new staging folder: the lock of %s was lost, as on a network file system without locks",
        worker->number, staging_token(worker->staging));
    return staging_renew(&worker->staging, error);
}

static int renew_staging_if_retired(struct worker *worker, struct error *error)
{
    bool retired = false;

    if (archive_files_find_retired(worker->postgres, staging_token(worker->staging), &retired, error))
        return -1;
    return retired ? renew_staging(worker, error) : 0;
}

/* The disk is checked before the login, as it answers at once. Without it, a claim would only take partitions from
 * workers that can archive them. */
static int check_disk(struct worker *worker, struct error *error)
{
    if (identity_probe(worker->job->archive_path, worker->job->archive_id, error) ||
        (!staging_is_held(worker->staging) && renew_staging(worker, error)))
        return -1;
    return staging_check_space(worker->staging, error);
}

static int connect_to_postgres(struct worker *worker, struct error *error)
{
    if (login(worker->job->config, &worker->postgres, error))
        return -1;
    counter_add(&worker->counters.postgres_connects, 1);
    /* Everything that was checked at the start may have changed while the connection was lost: the server may be a
     * standby or a restored one, the schema migrated, the staging folder retired. Our own files come last, as they may
     * be listed by a transaction whose answer was lost. */
    if (server_check_writing(worker->postgres, error) || schema_check_version(worker->postgres, error) ||
        check_archive(worker, error) || progress_limit_idle_time(worker->postgres, error) ||
        renew_staging_if_retired(worker, error))
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

/* What Kafka holds of the claim's partitions. */
static int find_ranges(const struct worker *worker, struct claim *claim, struct error *error)
{
    cleanup(memory_free) int32_t *partitions = memory_new(claim->count, sizeof(*partitions));

    for (size_t i = 0; i < claim->count; i++)
        partitions[i] = claim->progress[i].partition;
    return offsets_query_ranges(worker->job->metadata_client, worker->job->key.topic, partitions, claim->count,
                                KAFKA_ANSWER_TIMEOUT_MS, claim->ranges, error);
}

/* A partition that is new to the job starts at the first message that Kafka holds. The claim uses this offset only for
 * those: for others it returns the stored ones. */
static int find_starts(const struct worker *worker, struct claim *claim, struct error *error)
{
    if (find_ranges(worker, claim, error))
        return -1;
    for (size_t i = 0; i < claim->count; i++)
        claim->progress[i].totals_offset = claim->ranges[i].first;
    return 0;
}

/* The offset to read from: that of the side which is behind. The other side skips messages before its own offset
 * (pending_take()). With --no-archive the archive's offset only follows, and nothing is read again for it. */
static int64_t next_to_read(const struct job *job, const struct progress *progress)
{
    return job->archive && progress->archive_offset < progress->totals_offset ? progress->archive_offset
                                                                              : progress->totals_offset;
}

/* Whether the progress is past the end of the partition: Kafka lost messages after the job had read them, as when a
 * replica that was behind became the leader. New messages will get the same offsets. */
static bool is_beyond(const struct progress *progress, const struct offset_range *range)
{
    return progress->totals_offset > range->end || progress->archive_offset > range->end;
}

/* Whether a range lacks messages from the partition's offsets on, and where reading can go on instead. */
static bool lacks_messages(const struct job *job, const struct progress *progress, const struct offset_range *range,
                           struct progress *ret_after)
{
    *ret_after = *progress;
    if (is_beyond(progress, range)) {
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

static bool any_lacks_messages(const struct worker *worker, const struct claim *claim)
{
    struct progress after;

    for (size_t i = 0; i < claim->count; i++)
        if (lacks_messages(worker->job, &claim->progress[i], &claim->ranges[i], &after))
            return true;
    return false;
}

static void describe_loss(struct buffer *text, const struct job *job, const struct progress *progress,
                          const struct offset_range *range)
{
    buffer_printf(
        text, "%spartition %d is read up to offset %" PRId64 " for the totals and %" PRId64 " for the archive, but ",
        text->size ? "; " : "", (int)progress->partition, progress->totals_offset, progress->archive_offset);
    if (is_beyond(progress, range))
        buffer_printf(text, "ends at %" PRId64 ": it was shortened", range->end);
    else
        buffer_printf(text, "begins at %" PRId64 ": %" PRId64 " messages are gone", range->first,
                      range->first - next_to_read(job, progress));
}

static int accept_loss(struct worker *worker, struct progress *progress, const struct progress *after,
                       struct error *error)
{
    if (progress_skip_lost(worker->postgres, &worker->job->key, progress, after, error))
        return -1;
    *progress = *after;
    return 0;
}

static int check_losses(struct worker *worker, struct claim *claim, struct error *error)
{
    cleanup(buffer_release) struct buffer lost = {0};
    const struct progress_key *key = &worker->job->key;

    /* The ranges are from before the claim. Until it, the owner before may have read past their ends, which would look
     * like a loss: ask Kafka again. */
    if (any_lacks_messages(worker, claim) && find_ranges(worker, claim, error))
        return -1;
    for (size_t i = 0; i < claim->count; i++) {
        struct progress after;

        if (!lacks_messages(worker->job, &claim->progress[i], &claim->ranges[i], &after))
            continue;
        describe_loss(&lost, worker->job, &claim->progress[i], &claim->ranges[i]);
        if (worker->job->accept_loss && accept_loss(worker, &claim->progress[i], &after, error))
            return -1;
    }
    if (lost.size == 0)
        return 0;
    if (worker->job->accept_loss) {
        log_line(LEVEL_WARNING, "accepted a loss of topic \"%s\", recorded in antenna.loss: %s", key->topic, lost.data);
        return 0;
    }
    error_set(error, ANT_MESSAGES_DELETED,
              "Kafka no longer holds messages of topic \"%s\" that job \"%s\" has not read: %s", key->topic, key->job,
              lost.data);
    return error_hint(error, "--accept-loss goes on with what is there and records the loss in antenna.loss");
}

/* The database is now a standby that lost the last commits, or a restored backup. The totals lack exactly the messages
 * that will be read again, but the archive's folders may have files that are no longer listed. */
static void warn_of_restored_progress(struct worker *worker, const struct claim *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        const struct progress *progress = &claim->progress[i];
        const struct partition *partition = partitions_find(&worker->partitions, progress->partition);

        if (progress->totals_offset < partition->confirmed_offset)
            log_line_at(LEVEL_WARNING, (struct log_place){progress->partition, progress->totals_offset},
                        "PostgreSQL has gone back: it had confirmed partition %d up to offset %" PRId64
                        " and now says %" PRId64 ", from where it is read again; antenna verify names archive files "
                        "to move aside",
                        (int)progress->partition, partition->confirmed_offset, progress->totals_offset);
    }
}

/* The partitions count as claimed only when the consumer reads them. After a failure before that, the next attempt
 * claims them again, which is harmless: it raises an epoch that nobody uses. */
static int start_reading(struct worker *worker, const struct claim *claim, struct error *error)
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

        invariant(partition && progress->epoch > 0);
        *partition = (struct partition){
            .id = progress->partition,
            .reading = true,
            .epoch = progress->epoch,
            .totals = {.offset = progress->totals_offset, .sent_offset = progress->totals_offset},
            .archive = {.offset = progress->archive_offset, .sent_offset = progress->archive_offset},
            .next_offset = next,
        };
        log_line_at(LEVEL_DEBUG, (struct log_place){progress->partition, next},
                    "worker %d reads partition %d from offset %" PRId64 " on, the totals from %" PRId64
                    ", by epoch %" PRId64,
                    worker->number, (int)progress->partition, next, progress->totals_offset, progress->epoch);
    }
    return status;
}

/* Loads the messages that were rejected for their sums (full_hours.h), and that will be read again for the archive.
 * Their contents are valid: without this list they would be archived although the totals do not have them. */
static int find_refused(struct worker *worker, struct error *error)
{
    struct progress *reading = memory_new(worker->partitions.count, sizeof(*reading));
    struct refused *refused;
    size_t count;
    int status;

    for (size_t i = 0; i < worker->partitions.count; i++) {
        const struct partition *partition = &worker->partitions.list[i];

        reading[i] = (struct progress){.partition = partition->id,
                                       .totals_offset = partition->totals.offset,
                                       .archive_offset = partition->archive.offset};
    }
    status = rejected_find_refused(worker->postgres, &worker->job->key, reading, worker->partitions.count, &refused,
                                   &count, error);
    free(reading);
    if (!status)
        full_hours_set_refused(&worker->pending.full_hours, refused, count);
    return status;
}

/* A partition that had begun and has no row in antenna.progress any more is not claimed at first. It starts again only
 * if nothing of the job can have been counted or archived: else all its messages would count twice. */
static int claim_partitions(struct worker *worker, struct claim *claim, struct error *error)
{
    const struct job *job = worker->job;
    const struct progress_claimant claimant = {worker->owner, job->window, job->kinds, job->rules};
    int status = progress_claim(worker->postgres, &job->key, &claimant, false, claim->progress, claim->count, error);

    if (status <= 0)
        return status;
    if (window_check(worker->postgres, job->window, error) || metrics_check(worker->postgres, job->kinds, error) ||
        progress_check_rules(worker->postgres, &job->key, job->rules, claim->progress, claim->count, error) ||
        check_restart(worker->postgres, job, false, error) ||
        progress_claim(worker->postgres, &job->key, &claimant, true, claim->progress, claim->count, error))
        return -1;
    return 0;
}

/*
 * The order of a claim:
 * 1. Finish the commit under way, which has the connection.
 * 2. Without a connection: check the disk, connect, and recover our own files.
 * 3. Recover the folders of dead writers: the owners before may be dead, and their listed files unpublished.
 * 4. Check the topic's id and ask Kafka for ranges, which may be slow and so comes before the claim.
 * 5. Claim. From here on the owners before are fenced.
 * 6. Check for losses, which needs the claimed offsets, and start to read.
 */
int acquire_partitions(struct worker *worker, struct error *error)
{
    cleanup(release_claim) struct claim claim = {0};
    bool connects = !worker->postgres;
    size_t unclaimed = partitions_count_unclaimed(&worker->partitions);

    if (unclaimed && commit_finish(worker, error))
        return -1;
    if (connects && (check_disk(worker, error) || connect_to_postgres(worker, error)))
        return -1;
    if ((connects || unclaimed) && recover_abandoned(worker->postgres, worker->job->storage_root, error))
        return -1;
    if (!unclaimed)
        return 0;
    list_unclaimed(&worker->partitions, &claim);
    if (topic_check(worker, error) || find_starts(worker, &claim, error) || claim_partitions(worker, &claim, error) ||
        check_losses(worker, &claim, error))
        return -1;
    warn_of_restored_progress(worker, &claim);
    worker->timers.post_at = 0;
    /* Both servers have just answered. */
    worker->timers.probe_at = time_monotonic_ms() + SERVER_PROBE_INTERVAL_MS;
    return start_reading(worker, &claim, error) || find_refused(worker, error) ? -1 : 0;
}
