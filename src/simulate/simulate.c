#include "simulate/simulate.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "base/time.h"
#include "kafka/property.h"
#include "simulate/generator.h"
#include "simulate/ledger.h"
#include "simulate/outbox.h"
#include "simulate/schedule.h"

/* Messages between two looks at the clock. */
#define BURST_MESSAGES 1000

/* Live messages that are due within this time are sent together; a stop is noticed within the longer one. */
#define WAIT_MIN_MS 5
#define WAIT_MAX_MS 100

/* After a stop was asked for, acknowledgements are awaited this long. */
#define DRAIN_TIMEOUT_MS 10000

/* Kafka's silence that is worth a line. */
#define SILENCE_MS 5000

#define TERMINAL_INTERVAL_MS 1000

struct simulation {
    const struct config *config;
    struct population population;
    struct generator generator;
    struct schedule schedule;
    struct ledger *ledger;
    struct outbox outbox;
    int64_t begin_ms;     /* of sending, monotonic */
    int64_t begin_now_ms; /* since the epoch */
    int64_t next;         /* index of the next message */
    int64_t show_at_ms;
    bool terminal;
    bool silence_logged;
};

static double seconds_since_begin(const struct simulation *simulation)
{
    return (double)(time_monotonic_ms() - simulation->begin_ms) / 1000;
}

static void show_progress(const struct simulation *simulation)
{
    cleanup(buffer_release) struct buffer text = {0};

    tally_progress(&simulation->outbox.tally, seconds_since_begin(simulation), &text);
    terminal_show(text.data);
}

static void log_silence(struct simulation *simulation, int64_t silence_ms)
{
    if (!simulation->silence_logged && silence_ms >= SILENCE_MS) {
        log_line(LEVEL_WARNING, "Kafka acknowledges nothing; waiting with %" PRId64 " messages",
                 simulation->outbox.pending);
        simulation->silence_logged = true;
    } else if (simulation->silence_logged && silence_ms < SILENCE_MS) {
        log_line(LEVEL_INFO, "Kafka acknowledges again");
        simulation->silence_logged = false;
    }
}

/* Waits for acknowledgements and shows the progress. */
static int await(struct simulation *simulation, int64_t milliseconds, struct error *error)
{
    int64_t now;

    if (outbox_poll(&simulation->outbox, (int)milliseconds, error))
        return -1;
    now = time_monotonic_ms();
    log_silence(simulation, now - simulation->outbox.acknowledged_ms);
    if (simulation->terminal && now >= simulation->show_at_ms) {
        show_progress(simulation);
        simulation->show_at_ms = now + TERMINAL_INTERVAL_MS;
    }
    return 0;
}

/* The clocks, which stand still at the end of --duration. */
static struct moment read_clocks(const struct simulation *simulation)
{
    struct moment moment = {time_now_ms(), time_monotonic_ms() - simulation->begin_ms};
    int64_t duration_ms = simulation->schedule.duration_ms;

    if (moment.elapsed_ms >= duration_ms) {
        moment.elapsed_ms = duration_ms;
        if (moment.now_ms > simulation->begin_now_ms + duration_ms)
            moment.now_ms = simulation->begin_now_ms + duration_ms;
    }
    return moment;
}

static bool is_over(const struct simulation *simulation, struct moment moment)
{
    return moment.elapsed_ms >= simulation->schedule.duration_ms || stop_requested();
}

/* Returns 1 when the time was over before Kafka took it. */
static int send_message(struct simulation *simulation, const struct simulated_message *message, struct error *error)
{
    int status;

    while ((status = outbox_send(&simulation->outbox, message, error)) == 1) {
        if (await(simulation, WAIT_MAX_MS, error))
            return -1;
        if (is_over(simulation, read_clocks(simulation)))
            return 1;
    }
    return status;
}

/* Returns 1 like send_message(). */
static int send_burst(struct simulation *simulation, struct moment moment, struct error *error)
{
    int64_t due = schedule_due(&simulation->schedule, moment);

    for (int i = 0; i < BURST_MESSAGES && simulation->next < due; i++) {
        int64_t event_time = schedule_event_time(&simulation->schedule, simulation->next, moment);
        int status = send_message(simulation, generator_next(&simulation->generator, event_time), error);

        if (status)
            return status;
        simulation->next++;
    }
    return 0;
}

/* Until the next message is due; none of it when it is due already. */
static int64_t choose_wait_ms(const struct simulation *simulation)
{
    struct moment moment = read_clocks(simulation);
    int64_t wait_ms = schedule_wait_ms(&simulation->schedule, simulation->next, moment);
    int64_t left_ms = simulation->schedule.duration_ms - moment.elapsed_ms;

    if (wait_ms > 0 && wait_ms < WAIT_MIN_MS)
        wait_ms = WAIT_MIN_MS;
    if (wait_ms > WAIT_MAX_MS)
        wait_ms = WAIT_MAX_MS;
    return wait_ms < left_ms ? wait_ms : left_ms;
}

static int send_all(struct simulation *simulation, struct error *error)
{
    while (!stop_requested()) {
        struct moment moment = read_clocks(simulation);
        int status = send_burst(simulation, moment, error);

        if (status)
            return status < 0 ? -1 : 0;
        if (simulation->next == simulation->schedule.count || is_over(simulation, moment))
            break;
        if (await(simulation, choose_wait_ms(simulation), error))
            return -1;
    }
    return 0;
}

static int drain(struct simulation *simulation, struct error *error)
{
    int64_t give_up_at = INT64_MAX;

    while (simulation->outbox.pending) {
        if (await(simulation, WAIT_MAX_MS, error))
            return -1;
        if (give_up_at == INT64_MAX && stop_requested())
            give_up_at = time_monotonic_ms() + DRAIN_TIMEOUT_MS;
        if (time_monotonic_ms() >= give_up_at) {
            error_set(error, ANT_KAFKA_UNACKNOWLEDGED, "Kafka has not acknowledged %" PRId64 " of the messages",
                      simulation->outbox.pending);
            return error_hint(error, "they may or may not be in the topic; check that the broker runs and start again");
        }
    }
    return 0;
}

static void log_begin(const struct simulation *simulation)
{
    const uint32_t *counts = simulation->population.counts;

    log_line(LEVEL_INFO,
             "sends to topic \"%s\" with %d partitions at rate %s: %u users, %u antennas, %u apps, seed %" PRId64,
             config_text(simulation->config, OPTION_TOPIC), (int)simulation->outbox.partition_count,
             config_text(simulation->config, OPTION_RATE), counts[TEXT_ID], counts[TEXT_ANTENNA_ID], counts[TEXT_APP],
             config_number(simulation->config, OPTION_SEED));
}

static void log_summary(const struct simulation *simulation)
{
    cleanup(buffer_release) struct buffer text = {0};

    tally_summary(&simulation->outbox.tally, seconds_since_begin(simulation), &text);
    if (simulation->terminal)
        terminal_show("");
    log_line(LEVEL_INFO, "%s", text.data);
}

static int send_and_drain(struct simulation *simulation, struct error *error)
{
    int status;

    simulation->begin_ms = simulation->outbox.acknowledged_ms = time_monotonic_ms();
    simulation->begin_now_ms = time_now_ms();
    simulation->terminal = terminal_shows_progress(STDERR_FILENO);
    schedule_start(&simulation->schedule, simulation->begin_now_ms);
    log_begin(simulation);
    status = send_all(simulation, error);
    if (!status)
        status = drain(simulation, error);
    log_summary(simulation);
    return status;
}

/* Everything that can be wrong with the options, before Kafka is asked. */
static int prepare(struct simulation *simulation, struct error *error)
{
    const struct config *config = simulation->config;

    if (property_check(config, error) || schedule_init(&simulation->schedule, config, time_now_ms(), error) ||
        population_init(&simulation->population, config, error) ||
        generator_init(&simulation->generator, config, &simulation->population, error))
        return -1;
    if (config_has(config, OPTION_LEDGER))
        return ledger_open(config_text(config, OPTION_LEDGER), &simulation->population, &simulation->ledger, error);
    return 0;
}

static int run(struct simulation *simulation, struct error *error)
{
    int created;

    if (prepare(simulation, error))
        return -1;
    created = outbox_open(&simulation->outbox, simulation->config, simulation->ledger, error);
    if (created < 0)
        return -1;
    if (created)
        log_line(LEVEL_INFO, "created the topic \"%s\"", config_text(simulation->config, OPTION_TOPIC));
    if (send_and_drain(simulation, error))
        return -1;
    return simulation->ledger ? ledger_write(simulation->ledger, &simulation->outbox.tally, error) : 0;
}

int simulate_run(const struct config *config, struct error *error)
{
    struct simulation simulation = {.config = config};
    int status = run(&simulation, error);

    outbox_close(&simulation.outbox);
    ledger_free(simulation.ledger);
    generator_release(&simulation.generator);
    population_release(&simulation.population);
    return status;
}
