#include "speed/membership.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/time.h"
#include "postgres/server.h"
#include "speed/outage.h"
#include "speed/schedule.h"

static int add_partitions(struct worker *worker, const struct consumer_event *event, struct error *error)
{
    worker->joining = false;
    for (size_t i = 0; i < event->count; i++)
        partitions_add(&worker->partitions, event->partitions[i]);
    log_line(LEVEL_INFO, "worker %d is given %zu partitions and has %zu", worker->number, event->count,
             worker->partitions.count);
    /* The claim answers the group, by consumer_assign() with offsets (acquire.c). Without partitions there is no claim,
     * and the group still waits for an answer. */
    return event->count ? 0 : consumer_assign(worker->consumer, NULL, 0, error);
}

/* Only partitions that the consumer reads may be unassigned; those whose claim has failed are not read yet. */
static int release_partitions(struct worker *worker, const struct consumer_event *event, struct error *error)
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
    log_line(LEVEL_INFO, "worker %d gives up %zu partitions and keeps %zu", worker->number, event->count,
             worker->partitions.count);
    return status;
}

/* Writes all pending data before another worker takes over the partitions: it then starts exactly behind it. If writing
 * fails, all claims are released; the new owner's claim fences whatever is still on its way, and reads again. */
static int revoke_partitions(struct worker *worker, const struct consumer_event *event, struct error *error)
{
    if (worker->postgres && write_everything(worker, error) && handle_failure(worker, error))
        return -1;
    worker->joining = worker->joining || event->lost;
    return release_partitions(worker, event, error);
}

int follow_group(struct worker *worker, struct error *error)
{
    struct consumer_event event;

    while (consumer_take_event(worker->consumer, &event)) {
        int status = event.kind == CONSUMER_ASSIGNED ? add_partitions(worker, &event, error)
                                                     : revoke_partitions(worker, &event, error);

        free(event.partitions);
        if (status)
            return -1;
    }
    return 0;
}

/* An outage of Kafka releases no claim: librdkafka reconnects, and reading goes on behind the last message. */
void note_connection(struct worker *worker)
{
    bool disconnected = consumer_is_disconnected(worker->consumer);

    if (disconnected && !worker->disconnected.now) {
        counter_add(&worker->counters.kafka_disconnects, 1);
        log_trouble_begin(&worker->disconnected, time_monotonic_ms(), NULL,
                          "worker %d reaches no Kafka broker and waits for one", worker->number);
    } else if (!disconnected)
        log_trouble_end(&worker->disconnected, "worker %d reads from Kafka again", worker->number);
}

/* Replaces a consumer that has ended, as when the group has put the member out. Its assignment is void, so partitions
 * are dropped without an answer to the group. The new consumer is opened first: if that fails, the old one keeps saying
 * that it has ended, and this runs again after the pause. */
int join_again(struct worker *worker, struct error *error)
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

/* An absent worker does not wait for messages, and notices a stop within this time instead. */
#define TURN_MS 20

static int ask_postgres(const struct worker *worker, struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;

    return login(worker->job->config, &postgres, error) || server_check_writing(postgres, error) ? -1 : 0;
}

/* The disk comes first, as it answers at once; a login may take seconds to fail. */
static int ask_dependencies(const struct worker *worker, struct error *error)
{
    return staging_check_space(worker->staging, error) || ask_postgres(worker, error) ? -1 : 0;
}

/* The dependencies are asked once more, because the outage may be one of Kafka: then leaving the group would help no
 * other worker. */
void leave_group_if_due(struct worker *worker)
{
    int64_t lasted_ms = time_monotonic_ms() - worker->outage.since_ms;
    struct error cause;

    if (stop_requested() || absence_is_active(worker) || !worker->outage.trouble.now ||
        lasted_ms < worker->job->leave_after_ms || ask_dependencies(worker, &cause) == 0)
        return;
    log_error(LEVEL_WARNING, &cause,
              "worker %d leaves the consumer group after %" PRId64 " s, so that others read its partitions: %s",
              worker->number, lasted_ms / 1000, cause.message);
    consumer_close(worker->consumer);
    worker->consumer = NULL;
    worker->joining = false;
    partitions_release(&worker->partitions);
}

bool absence_is_active(const struct worker *worker)
{
    return !worker->consumer;
}

int absence_wait(struct worker *worker, struct error *error)
{
    if (time_monotonic_ms() < worker->timers.retry_at) {
        time_sleep_ms(TURN_MS);
        return 0;
    }
    if (ask_dependencies(worker, error) ||
        consumer_open(worker->job->config, worker->job->key.job, worker->number, &worker->consumer, error))
        return -1;
    worker->joining = true;
    log_line(LEVEL_INFO, "worker %d joins the consumer group again", worker->number);
    return 0;
}
