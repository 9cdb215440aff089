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
#include "speed/absence.h"
#include "speed/acquire.h"
#include "speed/commit.h"
#include "speed/idle.h"
#include "speed/probe.h"
#include "speed/roll.h"
#include "speed/topic.h"

/* Librdkafka waits this long to fill a batch: it bounds how stale an event can be before it is looked at. */
#define READ_TIMEOUT_MS 10

#define MIRROR_INTERVAL_MS 5000
#define IDLE_INTERVAL_MS 5000
#define CHECK_INTERVAL_MS 200
#define POST_INTERVAL_MS 200

/* Pauses after a failure of the world: doubled each time, less up to a half by chance, so that workers spread. */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000

/* A commit that took t is followed by no other for this many t, unless memory is full: when PostgreSQL is the
 * bottleneck, events that wait are summed instead of written one by one. */
#define REST_AFTER_COMMIT 4

static int64_t random_pause(int64_t pause_ms)
{
    return pause_ms - (int64_t)arc4random_uniform((uint32_t)(pause_ms / 2 + 1));
}

/* Drops what is in memory, the roll under way and every claim; reading begins again at PostgreSQL's offsets after a
 * pause. */
static int give_up_claims(struct worker *worker, struct error *error)
{
    int32_t *partitions = memory_new(worker->partitions.count + 1, sizeof(*partitions));
    size_t count = 0;
    int status;

    roll_drop(worker);
    pending_drop(&worker->pending);
    partitions_unclaim(&worker->partitions);
    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].reading) {
            partitions[count++] = worker->partitions.list[i].id;
            worker->partitions.list[i].reading = false;
        }
    status = count ? consumer_unassign(worker->consumer, partitions, count, error) : 0;
    free(partitions);
    postgres_close(worker->postgres);
    worker->postgres = NULL;
    worker->timers.commit_at = 0;
    worker->timers.roll_at = 0;
    return status;
}

static void begin_outage(struct worker *worker, const struct error *cause)
{
    struct outage *outage = &worker->outage;

    outage->since_ms = time_monotonic_ms();
    outage->pause_ms = PAUSE_MIN_MS;
    if (cause->kind == ERROR_WORLD)
        counter_add(&worker->counters.outages, 1);
    log_trouble_begin(&outage->trouble, outage->since_ms, "worker %d waits and will try again: %s%s%s", worker->number,
                      cause->message, *cause->hint ? "; " : "", cause->hint);
}

static void begin_pause(struct worker *worker, const struct error *cause)
{
    struct outage *outage = &worker->outage;

    if (!outage->trouble.now)
        begin_outage(worker, cause);
    outage->cause = *cause;
    worker->timers.retry_at = time_monotonic_ms() + random_pause(outage->pause_ms);
    outage->pause_ms = outage->pause_ms * 2 < PAUSE_MAX_MS ? outage->pause_ms * 2 : PAUSE_MAX_MS;
}

/* A failure of the world ends in a pause, any other ends the worker. */
static int handle_failure(struct worker *worker, struct error *error)
{
    identity_explain(worker->job->archive_path, worker->job->archive_id, error);
    if (error->kind != ERROR_WORLD && error->kind != ERROR_FENCED)
        return -1;
    if (error->kind == ERROR_FENCED)
        counter_add(&worker->counters.fenced, 1);
    begin_pause(worker, error);
    return give_up_claims(worker, error);
}

static void end_outage(struct worker *worker)
{
    struct outage *outage = &worker->outage;

    log_trouble_end(&outage->trouble, "worker %d goes on after %" PRId64 " ms", worker->number,
                    time_monotonic_ms() - outage->since_ms);
    outage->roll_failed = false;
}

static int commit(struct worker *worker, struct error *error)
{
    int64_t begin = time_monotonic_ms(), end;

    standing_post(worker, begin);
    if (write_to_postgres(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    end = time_monotonic_ms();
    worker->timers.commit_at = 0;
    worker->timers.rest_until = end + REST_AFTER_COMMIT * (end - begin);
    if (!worker->outage.roll_failed)
        end_outage(worker);
    return 0;
}

/* The totals of what was read do not wait for a disk that fails, though what is in memory is dropped. */
static void commit_after_failed_roll(struct worker *worker)
{
    struct error error;

    postgres_rollback(worker->postgres);
    if (write_to_postgres(worker, &error))
        log_line(LOG_DEBUG, "worker %d: %s", worker->number, error.message);
}

static int fail_roll(struct worker *worker, const struct error *error)
{
    worker->outage.roll_failed = true;
    if (error->kind == ERROR_WORLD)
        commit_after_failed_roll(worker);
    return -1;
}

static int finish_roll(struct worker *worker, struct error *error)
{
    standing_post(worker, time_monotonic_ms());
    if (roll_finish(worker, error))
        return fail_roll(worker, error);
    worker->timers.idle_at = 0;
    end_outage(worker);
    return 0;
}

/* Names that have become many are forgotten when nothing refers to them: then nothing is read until the roll ends. */
static int begin_roll(struct worker *worker, struct error *error)
{
    if (worker->roll && finish_roll(worker, error))
        return -1;
    standing_post(worker, time_monotonic_ms());
    if (roll_begin(worker, error))
        return fail_roll(worker, error);
    worker->timers.roll_at = 0;
    return pending_keeps_names(&worker->pending) ? 0 : finish_roll(worker, error);
}

/* Writes all that was read. The totals first: they go on while the disk fails. */
static int write_everything(struct worker *worker, struct error *error)
{
    return commit(worker, error) || begin_roll(worker, error) || finish_roll(worker, error) ? -1 : 0;
}

/* Takes a message for which some memory was full. */
static int make_room(struct worker *worker, struct partition *partition, const struct message *message,
                     const struct decoded *decoded, enum pending_limit limit, struct error *error)
{
    if (limit == PENDING_ROWS_FULL ? begin_roll(worker, error) : commit(worker, error))
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
    if (message->offset < partition->totals_offset)
        counter_add(&worker->counters.read_again, 1);
    limit = pending_take(&worker->pending, partition, message, decoded);
    return limit == PENDING_TAKEN ? 0 : make_room(worker, partition, message, decoded, limit, error);
}

/* What has been read may be nowhere else: Kafka need not hold it any more. */
static void write_what_is_held(struct worker *worker)
{
    struct error error;

    if (worker->postgres && (write_to_postgres(worker, &error) || write_to_storage(worker, &error)))
        log_line(LOG_DEBUG, "worker %d: %s", worker->number, error.message);
}

static int read_from_kafka(struct worker *worker, struct error *error)
{
    const struct message *messages;
    size_t count;

    stages_end(&worker->stages, STAGE_OTHER);
    if (consumer_read(worker->consumer, READ_TIMEOUT_MS, &messages, &count, error)) {
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
    stages_end(&worker->stages, STAGE_SUM);
    return 0;
}

static int assigned(struct worker *worker, const struct consumer_event *event, struct error *error)
{
    worker->joining = false;
    for (size_t i = 0; i < event->count; i++)
        partitions_add(&worker->partitions, event->partitions[i]);
    log_line(LOG_INFO, "worker %d is given %zu partitions and has %zu", worker->number, event->count,
             worker->partitions.count);
    /* Partitions are answered for when they are claimed. */
    return event->count ? 0 : consumer_assign(worker->consumer, NULL, 0, error);
}

static int let_go(struct worker *worker, const struct consumer_event *event, struct error *error)
{
    int32_t *reading = memory_new(event->count + 1, sizeof(*reading));
    size_t count = 0;
    int status;

    for (size_t i = 0; i < event->count; i++) {
        const struct partition *partition = partitions_find(&worker->partitions, event->partitions[i]);

        if (partition && partition->reading)
            reading[count++] = partition->id;
        partitions_remove(&worker->partitions, event->partitions[i]);
    }
    status = consumer_unassign(worker->consumer, reading, count, error);
    free(reading);
    log_line(LOG_INFO, "worker %d gives up %zu partitions and keeps %zu", worker->number, event->count,
             worker->partitions.count);
    return status;
}

/* What was read of the partitions is written before another worker reads on. */
static int revoked(struct worker *worker, const struct consumer_event *event, struct error *error)
{
    if (worker->postgres && write_everything(worker, error) && handle_failure(worker, error))
        return -1;
    worker->joining = worker->joining || event->lost;
    return let_go(worker, event, error);
}

static int follow_group(struct worker *worker, struct error *error)
{
    struct consumer_event event;

    while (consumer_take_event(worker->consumer, &event)) {
        int status = event.kind == CONSUMER_ASSIGNED ? assigned(worker, &event, error) : revoked(worker, &event, error);

        free(event.partitions);
        if (status)
            return -1;
    }
    return 0;
}

static void set_deadlines(struct worker *worker, int64_t now)
{
    struct worker_timers *timers = &worker->timers;
    int64_t commit_ms = worker->job->commit_interval_ms;

    /* What shows that an outage is over is not put off. */
    if (worker->outage.trouble.now && commit_ms > PAUSE_MAX_MS)
        commit_ms = PAUSE_MAX_MS;
    for (size_t i = 0; i < worker->partitions.count; i++) {
        const struct partition *partition = &worker->partitions.list[i];

        if (!timers->commit_at && partition->next_offset > partition->totals_offset)
            timers->commit_at = now + commit_ms;
        if (!timers->roll_at && partition->next_offset > partition->rolling_offset)
            timers->roll_at = now + (worker->outage.roll_failed ? commit_ms : worker->job->roll_age_ms);
    }
}

static void mirror_offsets(struct worker *worker)
{
    struct position *positions = memory_new(worker->partitions.count + 1, sizeof(*positions));
    size_t count = 0;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].epoch)
            positions[count++] =
                (struct position){worker->partitions.list[i].id, worker->partitions.list[i].totals_offset};
    consumer_mirror(worker->consumer, positions, count);
    free(positions);
}

/* Whether there is, or will be when it has been read again, something to archive. */
static bool awaits_roll(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (partition->archive_offset < partition->totals_offset || partition->archive_offset < partition->next_offset)
            return true;
    }
    return false;
}

/* Where nothing is to be written that could show it, the probe shows that an outage is over. */
static int probe(struct worker *worker, struct error *error)
{
    bool has_work = worker->timers.commit_at || (worker->outage.roll_failed && awaits_roll(&worker->partitions));

    if (topic_check_again(worker, error)) {
        write_what_is_held(worker);
        return -1;
    }
    if (probe_world(worker, error))
        return -1;
    if (!has_work && !worker->joining && partitions_count_unclaimed(&worker->partitions) == 0)
        end_outage(worker);
    return 0;
}

static int write_what_is_due(struct worker *worker, struct error *error)
{
    int64_t now = time_monotonic_ms();
    struct worker_timers *timers = &worker->timers;

    set_deadlines(worker, now);
    if (roll_is_encoded(worker))
        return finish_roll(worker, error);
    if (timers->roll_at && now >= timers->roll_at && !worker->roll)
        return commit(worker, error) || begin_roll(worker, error) ? -1 : 0;
    if (timers->commit_at && now >= timers->commit_at && now >= timers->rest_until)
        return commit(worker, error);
    if (now >= timers->probe_at) {
        timers->probe_at = now + PROBE_INTERVAL_MS;
        return probe(worker, error);
    }
    if (now >= timers->idle_at) {
        timers->idle_at = now + IDLE_INTERVAL_MS;
        return note_idle_partitions(worker, error);
    }
    if (now >= timers->mirror_at) {
        mirror_offsets(worker);
        timers->mirror_at = now + MIRROR_INTERVAL_MS;
    }
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

/* Returns 1 when every partition of the topic, whoever has it, is archived up to its end. */
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

/* Librdkafka finds its way back by itself; the operator wants to know all the same. */
static void note_connection(struct worker *worker)
{
    bool cut_off = consumer_is_cut_off(worker->consumer);

    if (cut_off && !worker->cut_off.now) {
        counter_add(&worker->counters.kafka_disconnects, 1);
        log_trouble_begin(&worker->cut_off, time_monotonic_ms(), "worker %d reaches no Kafka broker and waits for one",
                          worker->number);
    } else if (!cut_off)
        log_trouble_end(&worker->cut_off, "worker %d reads from Kafka again", worker->number);
}

/* A consumer that has ended is replaced; what it had been given is no longer ours. */
static int join_again(struct worker *worker, struct error *error)
{
    struct consumer *next;

    if (!consumer_has_ended(worker->consumer))
        return 0;
    if (consumer_open(worker->job->config, worker->job->key.job, worker->number, &next, error))
        return -1;
    consumer_close(worker->consumer);
    worker->consumer = next;
    worker->joining = true;
    partitions_release(&worker->partitions);
    return 0;
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
            log_line(LOG_DEBUG, "worker %d: %s", worker->number, error->message);
        return 0;
    }
    identity_explain(worker->job->archive_path, worker->job->archive_id, error);
    /* What it held is counted by the worker that has its partitions now. */
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
    postgres_close(worker->postgres);
    roll_drop(worker);
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
        log_line(LOG_WARNING, "worker %d fails and the job stops: %s", worker->number, worker->error.message);
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
