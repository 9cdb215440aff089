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

#define CHECK_INTERVAL_MS 200
#define POST_INTERVAL_MS 200

/* Librdkafka waits this long to fill a batch: it bounds how stale an event can be before it is looked at, and, while a
 * commit is under way, how late an answer of PostgreSQL is. */
#define READ_TIMEOUT_MS 10
#define SHORT_READ_TIMEOUT_MS 1

/* Takes a message for which some memory was full. */
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
    return error_set(error, ERROR_FAILED, "a single message exceeds every limit");
}

static int take_message(struct worker *worker, const struct message *message, const struct decoded *decoded,
                        struct error *error)
{
    struct partition *partition = partitions_find(&worker->partitions, message->partition);
    enum pending_limit limit;

    /* What was fetched before a claim was given up is not wanted any more. */
    if (!partition || !partition->epoch || message->offset < partition->next_offset)
        return 0;
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

/* Reads the messages that are there and takes those of claimed partitions; waits for a moment when there are none. */
static int read_from_kafka(struct worker *worker, struct error *error)
{
    const struct message *messages;
    size_t count;

    stages_end(&worker->stages, STAGE_OTHER);
    if (consumer_read(worker->consumer, worker->commit ? SHORT_READ_TIMEOUT_MS : READ_TIMEOUT_MS, &messages, &count,
                      error)) {
        write_what_is_held(worker);
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

/* One turn of the loop. Returns 1 when the work is done. */
static int work(struct worker *worker, struct error *error)
{
    if (absence_goes_on(worker))
        return absence_wait(worker, error);
    if (time_monotonic_ms() >= worker->timers.retry_at &&
        (join_again(worker, error) || acquire_partitions(worker, error)))
        return -1;
    if (read_from_kafka(worker, error) || follow_group(worker, error))
        return -1;
    note_connection(worker);
    if (!worker->postgres)
        return 0;
    if (write_what_is_due(worker, error))
        return -1;
    return finish_at_end(worker, error);
}

static int stop_cleanly(struct worker *worker, struct error *error)
{
    if (!worker->postgres && !worker->outage.trouble.now)
        return 0;
    if (!worker->postgres)
        *error = worker->outage.cause;
    else if (write_everything(worker, error) == 0) {
        mirror_offsets(worker);
        /* Which hours are sealed is told again by the next start. */
        if (note_idle_partitions(worker, error))
            log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error->message);
        return 0;
    }
    identity_explain(worker->job->archive_path, worker->job->archive_id, error);
    /* The new owner of its partitions counts what it held. */
    if (error->kind == ERROR_FENCED)
        return 0;
    return error_context(error, "stopped without writing what was read last, which the next start reads again");
}

static void tell_standing(struct worker *worker)
{
    int64_t now = time_monotonic_ms();

    if (now < worker->timers.post_at)
        return;
    if (worker->joining && consumer_has_joined(worker->consumer))
        worker->joining = false;
    kafka_discard_events(worker->job->inquirer);
    standing_post(worker, now);
    worker->timers.post_at = now + POST_INTERVAL_MS;
}

static int run(struct worker *worker, struct error *error)
{
    int status = 0;

    while (status == 0 && !stop_requested()) {
        tell_standing(worker);
        status = work(worker, error);
        if (status >= 0)
            continue;
        status = handle_failure(worker, error);
        /* Here, where nothing uses the consumer that an absence closes. */
        if (!status)
            absence_begin_if_due(worker);
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
    /* One worker less would leave its share of the work to the others' memory and nobody would know. The reason is
     * logged before the wait for the others, which may be long. */
    if (worker->status) {
        log_line(LEVEL_WARNING, "worker %d fails and the job stops: %s", worker->number, worker->error.message);
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
    standing_init(&worker->standing);
}

int worker_start(struct worker *worker, struct error *error)
{
    int failure = pthread_create(&worker->thread, NULL, run_thread, worker);

    if (failure)
        return error_set(error, ERROR_FAILED, "could not start a thread: %s", strerror(failure));
    return 0;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

void worker_release(struct worker *worker)
{
    standing_release(&worker->standing);
}
