#include "speed/probe.h"

#include <stdlib.h>
#include <string.h>

#include "archive/identity.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "kafka/offsets.h"
#include "postgres/server.h"

/* Only notes the state, for readiness and the log. No claim is released: totals go on without the disk, and the next
 * roll fails by itself. */
static void probe_disk(struct worker *worker)
{
    struct probed_disk *disk = &worker->disk;
    const struct job *job = worker->job;
    bool fails = job->archive && (identity_probe(job->archive_path, job->archive_id, &disk->cause) ||
                                  staging_probe(worker->staging, &disk->cause));

    if (fails && !disk->trouble.now)
        log_trouble_begin(&disk->trouble, time_monotonic_ms(), &disk->cause, "worker %d cannot archive for now: %s",
                          worker->number, error_show(&disk->cause).text);
    else if (!fails)
        log_trouble_end(&disk->trouble, "worker %d can archive again", worker->number);
}

/* A busy worker is fenced by its next commit. An idle one would never notice that another has claimed its partitions,
 * or that the database was restored and lacks its last commits. */
static int probe_claims(const struct worker *worker, struct error *error)
{
    struct progress *claimed = memory_new(worker->partitions.count + 1, sizeof(*claimed));
    size_t count = 0;
    int status;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].epoch)
            claimed[count++] = partition_progress(&worker->partitions.list[i]);
    status = count ? progress_check_owned(worker->postgres, &worker->job->key, claimed, count, error) : 0;
    free(claimed);
    return status;
}

/* The disk first, as its state must be noted also while PostgreSQL fails. */
int probe_dependencies(struct worker *worker, struct error *error)
{
    probe_disk(worker);
    return server_check_writing(worker->postgres, error) || probe_claims(worker, error) ? -1 : 0;
}

static bool is_written(const struct partition *partition)
{
    return partition->epoch && partition->archive.offset == partition->next_offset &&
           partition->totals.offset == partition->next_offset;
}

/* The ends of the partitions whose messages are all written. These are high watermarks, not last stable offsets: the
 * messages of a transaction that is still open cannot be read yet, but they have arrived, and their hours must not be
 * sealed without them. */
static size_t find_ends(const struct worker *worker, struct position *ends)
{
    size_t count = 0;
    struct error ignored;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (is_written(&worker->partitions.list[i]))
            ends[count++].partition = worker->partitions.list[i].id;
    return count && offsets_query_ends(worker->job->metadata_client, worker->job->key.topic, KAFKA_QUICK_ANSWER_MS,
                                       ends, count, &ignored)
               ? 0
               : count;
}

/* The partitions that are read, committed and archived up to their end in Kafka. */
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
    /* Read before Kafka is asked: messages that arrive between the two are not covered by this time. */
    int64_t now = time_now();
    size_t count = consumer_is_disconnected(worker->consumer) ? 0 : find_idle(worker, idle);
    int status = count ? progress_note_idle(worker->postgres, &worker->job->key, idle, count, now, error) : 0;

    free(idle);
    return status;
}

static int refuse_recreated_topic(const struct progress_key *key, struct error *error)
{
    error_set(error, ANT_TOPIC_RECREATED,
              "topic \"%s\" was deleted and created again: what job \"%s\" had not read of the one before is gone",
              key->topic, key->job);
    return error_hint(error, "give a new --job, which reads the new topic from its beginning");
}

int topic_join(struct postgres *postgres, const struct job *job, const char *id, const int64_t *starts, size_t count,
               struct error *error)
{
    const struct data_set_job member = {job->key, job->bytes_table, job->archive, starts, count};
    bool same;

    if (data_set_join(postgres, &member, id, &same, error))
        return -1;
    return same ? 0 : refuse_recreated_topic(&job->key, error);
}

/* Before each claim, since the topic may have been recreated while the worker had no partitions. */
int topic_check(struct worker *worker, struct error *error)
{
    return topic_id_query(worker->job->metadata_client, worker->job->key.topic, KAFKA_ANSWER_TIMEOUT_MS,
                          worker->topic_id, error)
               ? -1
               : topic_join(worker->postgres, worker->job, worker->topic_id, NULL, 0, error);
}

int topic_check_again(struct worker *worker, struct error *error)
{
    const struct progress_key *key = &worker->job->key;
    char id[TOPIC_ID_SIZE];
    struct error ignored;

    if (consumer_is_disconnected(worker->consumer) ||
        topic_id_query(worker->job->metadata_client, key->topic, KAFKA_QUICK_ANSWER_MS, id, &ignored) || !*id ||
        strcmp(id, worker->topic_id) == 0)
        return 0;
    if (*worker->topic_id)
        return refuse_recreated_topic(key, error);
    /* The first id that the broker gives, as after an upgrade to a version with topic ids. It is stored, so that later
     * recreations are noticed. */
    memcpy(worker->topic_id, id, sizeof(id));
    return topic_join(worker->postgres, worker->job, id, NULL, 0, error);
}
