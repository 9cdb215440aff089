#include "speed/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/identity.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "speed/acquire.h"
#include "speed/commit.h"
#include "speed/membership.h"
#include "speed/outage.h"
#include "speed/probe.h"
#include "speed/roll.h"
#include "speed/schedule.h"

/* Each check for --until-end commits, rolls and queries PostgreSQL: in every turn it would keep the database busy. */
#define CHECK_INTERVAL_MS 200

/* Metrics and readiness are at most this old. Posting copies the list of partitions, too much for every turn. */
#define POST_INTERVAL_MS 200

/* Librdkafka waits this long to fill a batch: it bounds the age of an event before the worker sees it and, while a
 * commit is under way, the delay of PostgreSQL's answer. */
#define READ_TIMEOUT_MS 10
#define SHORT_READ_TIMEOUT_MS 1

/* Takes a message that did not fit into memory. A commit or roll that is only started makes room at once, as it takes
 * the sums or rows over. If that is not enough, as when names fill the memory, everything is written and waited for:
 * then nothing refers to the names any more, and pending_take() accepts any message. */
static int make_room(struct worker *worker, struct partition *partition, const struct message *message,
                     const struct decoded *decoded, enum pending_limit limit, struct error *error)
{
    if (limit == PENDING_ROWS_FULL ? begin_roll(worker, error) : begin_commit(worker, error))
        return -1;
    if (pending_take(&worker->pending, partition, message, decoded) == PENDING_TAKEN)
        return 0;
    if (write_everything(worker, error))
        return -1;
    if (pending_take(&worker->pending, partition, message, decoded) == PENDING_TAKEN)
        return 0;
    return error_set(error, ANT_DEFECT, "a single message exceeds every limit");
}

static int take_message(struct worker *worker, const struct message *message, const struct decoded *decoded,
                        struct error *error)
{
    struct partition *partition = partitions_find(&worker->partitions, message->partition);
    enum pending_limit limit;

    /* Librdkafka may still deliver messages that it fetched before a claim was released. Without a claim it is unknown
     * which of them are counted; those before next_offset were taken already. */
    if (!partition || !partition->epoch || message->offset < partition->next_offset)
        return 0;
    /* Behind the last message there may be control records of transactions, which have offsets and are never delivered.
     * Without this step the offsets would stay before them, and the partition would never count as idle. */
    if (message->kind == MESSAGE_END) {
        partition->next_offset = message->offset;
        return 0;
    }
    counter_add(&worker->counters.read, 1);
    if (message->offset < partition->totals.offset)
        counter_add(&worker->counters.read_again, 1);
    limit = pending_take(&worker->pending, partition, message, decoded);
    return limit == PENDING_TAKEN ? 0 : make_room(worker, partition, message, decoded, limit, error);
}

static void note_lag(struct worker *worker, const struct message *messages, size_t count)
{
    const struct message *last = count ? &messages[count - 1] : NULL;
    int64_t lag_ms = last && last->arrival >= 0 ? time_now_ms() - last->stamp_ms : 0;

    worker->lag_ms = lag_ms > 0 ? lag_ms : 0;
}

/* Reads the available messages and takes those of claimed partitions; waits for a moment if there are none. Each
 * message is first decoded, then interned, then summed, all of the read in one stage before the next: the look-ups of a
 * stage are prefetched for many messages at once (pending.h). */
static int read_from_kafka(struct worker *worker, struct error *error)
{
    const struct message *messages;
    size_t count;

    stages_end(&worker->stages, STAGE_OTHER);
    if (consumer_read(worker->consumer, worker->commit ? SHORT_READ_TIMEOUT_MS : READ_TIMEOUT_MS, &messages, &count,
                      error)) {
        /* After an error all claims are released, and Kafka may not have the pending messages any more. */
        try_write_everything(worker);
        return -1;
    }
    stages_end(&worker->stages, STAGE_TAKE);
    pending_decode(&worker->pending, messages, count);
    stages_end(&worker->stages, STAGE_DECODE);
    pending_intern(&worker->pending, count);
    stages_end(&worker->stages, STAGE_INTERN);
    for (size_t i = 0; i < count; i++)
        if (take_message(worker, &messages[i], &worker->pending.ahead[i], error))
            return -1;
    note_lag(worker, messages, count);
    stages_end(&worker->stages, STAGE_SUM);
    return 0;
}

/* Whether each of the worker's partitions is read up to the end that --until-end sets. */
static bool is_at_end(const struct worker *worker)
{
    for (size_t i = 0; i < worker->partitions.count; i++) {
        const struct partition *partition = &worker->partitions.list[i];

        if (!partition->epoch || partition->next_offset < job_end(worker->job, partition->id))
            return false;
    }
    return true;
}

/* Returns 1 when every partition of the topic, of any owner, is archived up to its end. */
static int finish_at_end(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms();
    bool reached;

    if (!worker->job->ends || !is_at_end(worker) || now < worker->timers.check_at)
        return 0;
    worker->timers.check_at = now + CHECK_INTERVAL_MS;
    if (write_everything(worker, error) || progress_has_reached(worker->postgres, &worker->job->key, worker->job->ends,
                                                                worker->job->end_count, &reached, error))
        return -1;
    return reached ? 1 : 0;
}

/*
 * One turn of the loop. Returns 1 when the work is done.
 *
 * The order matters. Claims come before the read, because only messages of claimed partitions are taken. Events of the
 * group come after it, because consumer_read() is what delivers them, and a revocation must see the messages of this
 * read as pending. Writing comes last, and only with a connection: without one there are no claims and nothing to
 * write.
 */
static int work(struct worker *worker, struct error *error)
{
    if (absence_is_active(worker))
        return absence_wait(worker, error);
    if (time_monotonic_ms() >= worker->timers.retry_at &&
        (join_again(worker, error) || acquire_partitions(worker, error)))
        return -1;
    if (read_from_kafka(worker, error) || follow_group(worker, error))
        return -1;
    note_connection(worker);
    if (!worker->postgres)
        return 0;
    if (run_due_action(worker, error))
        return -1;
    return finish_at_end(worker, error);
}

/* Writes all pending data, so that the next start reads nothing again. A failure here loses no message: the offsets in
 * PostgreSQL have not moved. It is reported all the same, as the operator asked for a clean stop. */
static int stop_cleanly(struct worker *worker, struct error *error)
{
    if (!worker->postgres && !worker->outage.trouble.now)
        return 0;
    if (!worker->postgres)
        *error = worker->outage.cause;
    else if (write_everything(worker, error) == 0) {
        mirror_offsets(worker);
        /* Advances event time once more, so that hours are sealed while no worker runs. A failure is harmless: the next
         * start advances it, too. */
        if (note_idle_partitions(worker, error))
            log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error->message);
        return 0;
    }
    identity_explain(worker->job->archive_path, worker->job->archive_id, error);
    /* The new owner of its partitions counts what it held. */
    if (error_kind(error) == ERROR_FENCED)
        return 0;
    return error_context(error, "stopped without writing what was read last, which the next start reads again");
}

/* Posts the worker's status for other threads. The service manager's watchdog depends on it (speed.c): a worker that
 * hangs within a turn posts nothing. */
static void post_status(struct worker *worker)
{
    int64_t now = time_monotonic_ms();

    if (now < worker->timers.post_at)
        return;
    if (worker->joining && consumer_has_joined(worker->consumer))
        worker->joining = false;
    kafka_discard_events(worker->job->metadata_client);
    worker_status_post(worker, now);
    worker->timers.post_at = now + POST_INTERVAL_MS;
}

static int run(struct worker *worker, struct error *error)
{
    int status = 0;

    while (status == 0 && !stop_requested()) {
        post_status(worker);
        status = work(worker, error);
        if (status >= 0)
            continue;
        status = handle_failure(worker, error);
        /* The absence closes the consumer. Only here no function that uses it is on the stack. */
        if (!status)
            leave_group_if_due(worker);
    }
    return status < 0 ? -1 : stop_cleanly(worker, error);
}

static int open_worker(struct worker *worker, struct error *error)
{
    char host[64] = "unknown";

    gethostname(host, sizeof(host) - 1);
    snprintf(worker->owner, sizeof(worker->owner), "%s:%ld:%d", host, (long)getpid(), worker->number);
    worker->joining = true;
    pending_init(&worker->pending, worker->job);
    if (staging_open(worker->job->storage_root, &worker->staging, error) ||
        (worker->job->archive &&
         encoder_open((enum parquet_codec)config_number(worker->job->config, OPTION_COMPRESSION), worker->number,
                      &worker->encoder, error)))
        return -1;
    return consumer_open(worker->job->config, worker->job->key.job, worker->number, &worker->consumer, error);
}

/* The consumer is closed first: as soon as it has left the group, other workers can claim the partitions. The roll
 * under way is dropped before the encoder is closed, and the encoder before the staging folder and the names, which its
 * thread uses. */
static void close_worker(struct worker *worker)
{
    consumer_close(worker->consumer);
    commit_drop(worker);
    roll_drop(worker);
    postgres_close(worker->postgres);
    encoder_close(worker->encoder);
    staging_close(worker->staging);
    pending_release(&worker->pending);
    partitions_release(&worker->partitions);
}

static void *run_thread(void *context)
{
    struct worker *worker = context;

    log_set_worker(worker->number);
    stages_begin(&worker->stages, config_flag(worker->job->config, OPTION_PROFILE));
    worker->status = open_worker(worker, &worker->error);
    if (!worker->status)
        worker->status = run(worker, &worker->error);
    /* If the others went on, they would take over the partitions, and nobody would notice the loss of a worker. The
     * reason is logged here, before the wait for the others, which may be long. */
    if (worker->status) {
        log_error(LEVEL_WARNING, &worker->error, "worker %d fails and the job stops: %s", worker->number,
                  worker->error.message);
        stop_request();
    }
    close_worker(worker);
    stages_end(&worker->stages, STAGE_OTHER);
    sem_post(worker->finished);
    return NULL;
}

void worker_init(struct worker *worker, const struct job *job, int number, sem_t *finished)
{
    *worker = (struct worker){.job = job, .number = number, .finished = finished};
    worker_status_init(&worker->posted);
}

int worker_start(struct worker *worker, struct error *error)
{
    int failure = pthread_create(&worker->thread, NULL, run_thread, worker);

    if (failure)
        return error_set(error, ANT_START_FAILED, "could not start a thread: %s", strerror(failure));
    return 0;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_release(struct worker *worker)
{
    worker_status_release(&worker->posted);
}
