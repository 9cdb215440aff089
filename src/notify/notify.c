#include "notify/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "notify/mail.h"
#include "notify/metrics.h"
#include "notify/transport.h"
#include "postgres/schema.h"
#include "postgres/silence.h"

/* A stop is looked for this often while there is nothing to do. */
#define LOOK_MS 100

/* Without --interval. */
#define INTERVAL_MS 10000

/* How many times as long as an attempt may take others leave a notice alone: the time before and behind it is short. */
#define CLAIMS_PER_TIMEOUT 3

#define THRESHOLD_MAX 1000000

/* A look at the antennas reads each window of a day or more: it may take one part of so many of the time. */
#define LOOK_SHARE 20

static const int64_t default_thresholds[] = {80, 100};

/* A notice that is claimed, and what came of it until that is noted. */
struct attempt {
    struct notice notice;
    struct notice_result result;
    char reason[1024]; /* as long as an error's message */
    bool unstored;
};

struct job {
    const struct config *config;
    const struct notify_listener *listener;
    struct postgres *postgres;
    struct transport *transport; /* NULL: of a dry run */
    struct templates templates;
    struct notice_claim claim;
    struct attempt attempt;
    int64_t next_look_ms; /* at the antennas, monotonic */
    bool unjudged;        /* whether they could not be judged in the last look */
    struct notify_summary summary;
    struct notify_metrics metrics;
};

static void turn(struct job *job)
{
    counter_set(&job->metrics.turned_ms, time_monotonic_ms());
    notify_alive();
}

static void wait_for_stop(struct job *job, int64_t until_ms)
{
    int64_t now;

    while (!stop_requested() && (now = time_monotonic_ms()) < until_ms) {
        turn(job);
        time_sleep_ms(until_ms - now < LOOK_MS ? until_ms - now : LOOK_MS);
    }
}

static int connect_to_database(struct job *job, struct error *error)
{
    if (job->postgres)
        return 0;
    if (login(job->config, &job->postgres, error))
        return -1;
    counter_add(&job->metrics.postgres_connects, 1);
    if (schema_check(job->postgres, job->config, error) == 0 &&
        (!job->transport || notices_refuse_copy(job->postgres, error) == 0))
        return 0;
    postgres_close(job->postgres);
    job->postgres = NULL;
    return -1;
}

static int read_threshold(const char *text, int64_t *ret_threshold, struct error *error)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end || number < 1 || number > THRESHOLD_MAX) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for thresholds: \"%s\" is no whole number of percent", text);
        return error_hint(error, "give numbers from 1 to %d, separated by commas, such as 80,100", THRESHOLD_MAX);
    }
    *ret_threshold = number;
    return 0;
}

static int check_thresholds(const struct config *config, struct error *error)
{
    for (size_t i = 0; i < config_list_size(config, OPTION_THRESHOLDS); i++) {
        int64_t ignored;

        if (read_threshold(config_list_entry(config, OPTION_THRESHOLDS, i), &ignored, error))
            return -1;
    }
    return 0;
}

/* Those that are given, or the default ones where the database has none. */
static int store_thresholds(struct job *job, struct error *error)
{
    size_t count = config_list_size(job->config, OPTION_THRESHOLDS);
    cleanup(memory_free) int64_t *thresholds = memory_new(count, sizeof(*thresholds));
    bool have = false;

    for (size_t i = 0; i < count; i++)
        if (read_threshold(config_list_entry(job->config, OPTION_THRESHOLDS, i), &thresholds[i], error))
            return -1;
    if (count)
        return notices_set_thresholds(job->postgres, thresholds, count, error);
    if (notices_have_thresholds(job->postgres, &have, error))
        return -1;
    return have ? 0
                : notices_set_thresholds(job->postgres, default_thresholds,
                                         sizeof(default_thresholds) / sizeof(*default_thresholds), error);
}

/* With the thresholds, as the database may have been restored to before they were stored. */
static int connect_again(struct job *job, struct error *error)
{
    if (job->postgres)
        return 0;
    if (connect_to_database(job, error))
        return -1;
    if (store_thresholds(job, error) == 0)
        return 0;
    postgres_close(job->postgres);
    job->postgres = NULL;
    return -1;
}

/* Why the antennas cannot be judged concerns an operator who waits to hear of them. */
static void note_silence_check(struct job *job, const struct silence_check *look)
{
    if (look->reason && !job->unjudged && job->claim.operator_email)
        log_line(LEVEL_WARNING, "cannot judge which antennas are silent: %s", look->reason);
    else if (!look->reason && job->unjudged && job->claim.operator_email)
        log_line(LEVEL_INFO, "judges again which antennas are silent");
    job->unjudged = look->reason != NULL;
    counter_set(&job->metrics.silent_now, look->reason ? -1 : look->silent);
}

static int write_live(struct job *job, struct error *error)
{
    return notices_write_live(job->postgres, error);
}

static int check_antennas(struct job *job, struct error *error)
{
    cleanup(silence_check_release) struct silence_check look = {0};

    if (silence_check(job->postgres, job->claim.operator_email != NULL, &look, error))
        return -1;
    note_silence_check(job, &look);
    return 0;
}

static int in_transaction(struct job *job, int (*step)(struct job *job, struct error *error), struct error *error)
{
    if (!job->transport) /* in that of the dry run */
        return step(job, error);
    if (postgres_begin(job->postgres, error))
        return -1;
    if (step(job, error)) {
        postgres_rollback(job->postgres);
        return -1;
    }
    return postgres_commit(job->postgres, error);
}

/* What the last look at the antennas found is served no more, and the next turn looks again. */
static void forget_look(struct job *job)
{
    counter_set(&job->metrics.silent_now, -1);
    job->next_look_ms = 0;
}

/* Writes notices of antennas to the operator, if one is named, when it is time to look at them. In a transaction of its
 * own: batch runs wait for the one that writes notices of the current hour. */
static int write_silences(struct job *job, struct error *error)
{
    int64_t begin_ms = time_monotonic_ms(), end_ms;

    if (begin_ms < job->next_look_ms)
        return 0;
    if (in_transaction(job, check_antennas, error))
        return -1;
    end_ms = time_monotonic_ms();
    job->next_look_ms = end_ms + LOOK_SHARE * (end_ms - begin_ms);
    return 0;
}

/* Doubled with each attempt. */
static int64_t pause_after(const struct job *job, int64_t attempts)
{
    int64_t pause_ms = config_number(job->config, OPTION_RETRY_PAUSE);

    while (--attempts > 0 && pause_ms < NOTICE_PAUSE_MAX_MS)
        pause_ms *= 2;
    return pause_ms < NOTICE_PAUSE_MAX_MS ? pause_ms : NOTICE_PAUSE_MAX_MS;
}

static void put_off(struct job *job, const char *reason)
{
    struct attempt *attempt = &job->attempt;
    int64_t attempts = attempt->notice.attempts;

    attempt->result = (struct notice_result){NOTICE_WAITING, true, pause_after(job, attempts), attempt->reason};
    if (attempts < config_number(job->config, OPTION_ATTEMPTS))
        snprintf(attempt->reason, sizeof(attempt->reason), "%s", reason);
    else {
        attempt->result.state = NOTICE_DEAD;
        snprintf(attempt->reason, sizeof(attempt->reason), "given up after %" PRId64 " attempts: %s", attempts, reason);
    }
}

static void take_report(struct job *job, const struct delivery_report *report)
{
    struct attempt *attempt = &job->attempt;

    switch (report->delivery) {
    case DELIVERY_SENT:
        attempt->result = (struct notice_result){.state = NOTICE_SENT, .counts = true};
        break;
    case DELIVERY_REFUSED_NOW:
        put_off(job, report->reason);
        break;
    case DELIVERY_REFUSED:
        snprintf(attempt->reason, sizeof(attempt->reason), "%s", report->reason);
        attempt->result = (struct notice_result){NOTICE_DEAD, true, 0, attempt->reason};
        break;
    }
}

/* Sends what is claimed. An error concerns all notices; what came of this one is known all the same. */
static int try_notice(struct job *job, struct error *error)
{
    struct attempt *attempt = &job->attempt;
    cleanup(message_release) struct message message = {0};
    struct delivery_report report = {.delivery = DELIVERY_SENT};
    int64_t begin_us = time_monotonic_us();
    int status = 0;

    attempt->unstored = true;
    templates_render(&job->templates, &attempt->notice, !job->claim.needs_email, &message);
    if (!job->transport)
        job->listener->would_send(job->listener->context, &attempt->notice, &message);
    else {
        status = transport_send(job->transport, &attempt->notice, &message, &report, error);
        histogram_add(&job->metrics.durations, time_monotonic_us() - begin_us);
    }
    if (!status)
        take_report(job, &report);
    else if (report.uncertain)
        put_off(job, error->message);
    else {
        snprintf(attempt->reason, sizeof(attempt->reason), "%s", error->message);
        attempt->result = (struct notice_result){.state = NOTICE_WAITING, .reason = attempt->reason};
    }
    /* What was right at the start is waited for. */
    if (status && error_kind(error) != ERROR_UNAVAILABLE && config_flag(job->config, OPTION_FOLLOW))
        error->code = ANT_TRANSPORT_WAITS;
    return status;
}

static void log_given_up(const struct attempt *attempt)
{
    const struct notice *notice = &attempt->notice;
    char time[TIME_TEXT_SIZE];

    time_format(notice->hour, time);
    if (notice->threshold == NOTICE_OF_SILENCE)
        log_line(LEVEL_WARNING, "the notice to the operator about antenna \"%s\", silent since %s, is given up: %s",
                 notice->id, time, attempt->result.reason);
    else
        log_line(LEVEL_WARNING, "the notice to user \"%s\" about %" PRId64 " %% in the hour %s is given up: %s",
                 notice->id, notice->threshold, time, attempt->result.reason);
}

static void count_result(struct job *job)
{
    const struct attempt *attempt = &job->attempt;

    switch (attempt->result.state) {
    case NOTICE_WAITING:
        counter_add(&job->metrics.put_off, attempt->result.counts);
        break;
    case NOTICE_SENT:
        job->summary.sent++;
        counter_add(&job->metrics.sent, 1);
        break;
    case NOTICE_DEAD:
        job->summary.dead++;
        counter_add(&job->metrics.dead, 1);
        log_given_up(attempt);
        break;
    }
}

/* Notes what came of an attempt: also of one whose note was lost with the connection, as it was made. */
static int store_result(struct job *job, struct error *error)
{
    if (!job->attempt.unstored)
        return 0;
    text_make_printable(job->attempt.reason); /* where it was cut, too */
    if (notices_store_result(job->postgres, &job->attempt.notice, &job->attempt.result, error))
        return -1;
    count_result(job);
    job->attempt.unstored = false;
    notice_release(&job->attempt.notice);
    return 0;
}

/* Sends the notice that is due. Returns 1 when none is. */
static int send_next(struct job *job, struct error *error)
{
    struct error ignored;
    int status = notices_claim(job->postgres, &job->claim, &job->attempt.notice, error);

    if (status)
        return status;
    if (job->attempt.notice.skipped) {
        job->summary.skipped++;
        counter_add(&job->metrics.skipped, 1);
        notice_release(&job->attempt.notice);
        return 0;
    }
    status = try_notice(job, error);
    /* The server's error goes before one of the database, which the next turn meets again. */
    if (store_result(job, status ? &ignored : error))
        return -1;
    return status;
}

static int64_t interval_of(const struct config *config)
{
    return config_has(config, OPTION_INTERVAL) ? config_number(config, OPTION_INTERVAL) : INTERVAL_MS;
}

/* A service looks again after each interval, also while many notices are due: what is over before its notice was sent
 * needs none any more. */
static int send_due(struct job *job, struct error *error)
{
    bool follows = config_flag(job->config, OPTION_FOLLOW);
    int64_t until_ms = follows ? time_monotonic_ms() + interval_of(job->config) : INT64_MAX;
    int64_t per_second = config_number(job->config, OPTION_NOTICES_PER_SECOND);
    int64_t apart_ms = (MS_PER_SECOND + per_second - 1) / per_second;
    int status = 0;

    while (!stop_requested() && !status && time_monotonic_ms() < until_ms) {
        int64_t next_ms = time_monotonic_ms() + apart_ms, skipped = job->summary.skipped;

        turn(job);
        status = send_next(job, error);
        if (!status && job->transport && job->summary.skipped == skipped)
            wait_for_stop(job, next_ms);
    }
    job->summary.left = !status;
    return status < 0 ? -1 : 0;
}

static int take_counts(struct job *job, struct error *error)
{
    cleanup(notice_counts_release) struct notice_counts counts = {0};

    if (notices_count(job->postgres, &counts, error))
        return -1;
    job->summary.waiting = counts.waiting;
    counter_set(&job->metrics.waiting_now, counts.waiting);
    counter_set(&job->metrics.dead_now, counts.dead);
    counter_set(&job->metrics.last_look, time_now());
    return 0;
}

static int run_turn(struct job *job, struct error *error)
{
    if (connect_again(job, error) || store_result(job, error) || in_transaction(job, write_live, error) ||
        write_silences(job, error)) {
        forget_look(job);
        return -1;
    }
    return send_due(job, error) || take_counts(job, error) ? -1 : 0;
}

/* Nothing of it is there any more when it ends. */
static int run_dry(struct job *job, struct error *error)
{
    int status;

    if (postgres_begin(job->postgres, error))
        return -1;
    status = store_thresholds(job, error) || run_turn(job, error) ? -1 : 0;
    postgres_rollback(job->postgres);
    job->summary.waiting = 0;
    return status;
}

static int run_once(struct job *job, struct error *error)
{
    if (run_turn(job, error))
        return -1;
    if (job->summary.waiting == 0 || job->summary.left)
        return 0;
    error_set(error, ANT_NOTICES_WAIT, "%" PRId64 " notices wait for another attempt", job->summary.waiting);
    return error_hint(error, "run the command again later; antenna.notice has their reasons");
}

/* What is sent in this turn is told when something was. */
static void log_turn(const struct notify_summary *before, const struct notify_summary *after)
{
    if (after->sent + after->skipped + after->dead > before->sent + before->skipped + before->dead)
        log_line(LEVEL_INFO, "sent %" PRId64 " notices, skipped %" PRId64 ", gave up %" PRId64,
                 after->sent - before->sent, after->skipped - before->skipped, after->dead - before->dead);
}

static void wait_for_recovery(struct job *job, const struct error *cause, int64_t *pause_ms)
{
    if (stop_requested()) {
        log_error(LEVEL_WARNING, cause, "stops before its work is done, which the next start does: %s",
                  error_show(cause).text);
        return;
    }
    if (*pause_ms == 0) {
        counter_add(&job->metrics.outages, 1);
        log_error(LEVEL_WARNING, cause, "waits and will try again: %s", error_show(cause).text);
    }
    notify_metrics_set_reason(&job->metrics, cause->message);
    *pause_ms = *pause_ms ? *pause_ms * 2 : PAUSE_MIN_MS;
    if (*pause_ms > PAUSE_MAX_MS)
        *pause_ms = PAUSE_MAX_MS;
    if (!job->postgres || !postgres_is_connected(job->postgres)) {
        postgres_close(job->postgres);
        job->postgres = NULL;
    }
    wait_for_stop(job, time_monotonic_ms() + *pause_ms);
}

static int follow(struct job *job, struct error *error)
{
    int64_t pause_ms = 0;

    log_line(LEVEL_INFO, "sends notices by %s", transport_server(job->transport));
    notify_send("READY=1\nSTATUS=sends notices by %s", transport_server(job->transport));
    while (!stop_requested()) {
        struct notify_summary before = job->summary;
        int status = run_turn(job, error);

        log_turn(&before, &job->summary);
        if (status && error_kind(error) != ERROR_UNAVAILABLE)
            return -1;
        if (status) {
            wait_for_recovery(job, error, &pause_ms);
            continue;
        }
        if (pause_ms)
            log_line(LEVEL_INFO, "goes on");
        pause_ms = 0;
        notify_metrics_set_reason(&job->metrics, "");
        if (!job->summary.left)
            wait_for_stop(job, time_monotonic_ms() + interval_of(job->config));
    }
    notify_send("STOPPING=1");
    return 0;
}

static int follow_and_serve(struct job *job, struct error *error)
{
    struct metrics_server *server;
    int status;

    if (notify_metrics_serve(&job->metrics, job->config, &server, error))
        return -1;
    status = follow(job, error);
    metrics_server_close(server);
    return status;
}

static int check_operator(const struct config *config, struct error *error)
{
    const char *address = config_text(config, OPTION_OPERATOR);

    if (!address || mail_is_address(address))
        return 0;
    error_set(error, ANT_VALUE_INVALID, "invalid value for operator: \"%s\" is not an e-mail address", address);
    return error_hint(error, "give one address without a name, such as operator@example.org");
}

static int check_options(const struct config *config, struct error *error)
{
    bool dry = config_flag(config, OPTION_DRY_RUN);

    if (dry && config_flag(config, OPTION_FOLLOW))
        return error_set(error, ANT_OPTIONS_CONFLICT,
                         "--dry-run prints what would be sent now, and --follow goes on sending");
    if (!dry && !transport_is_set(config)) {
        error_set(error, ANT_ARGUMENT_MISSING, "no transport is set: nothing is sent");
        return error_hint(error,
                          "give --smtp-url and --sender, or --webhook-url and --webhook-key-file; or --dry-run to "
                          "see what would be sent");
    }
    return check_thresholds(config, error) || check_operator(config, error) || metrics_server_check(config, error) ? -1
                                                                                                                   : 0;
}

/* What needs no server first, then the database, and then the transport. */
static int open_job(struct job *job, struct error *error)
{
    const struct config *config = job->config;
    bool dry = config_flag(config, OPTION_DRY_RUN);

    if (check_options(config, error) || templates_load(config_text(config, OPTION_TEMPLATES), &job->templates, error) ||
        (!dry && transport_open(config, &job->transport, error)) || connect_to_database(job, error))
        return -1;
    job->claim = (struct notice_claim){
        .user_metadata = config_text(config, OPTION_USER_METADATA_TABLE),
        .operator_email = config_text(config, OPTION_OPERATOR),
        .needs_email = transport_is_mail(config),
        .claim_ms = CLAIMS_PER_TIMEOUT * config_number(config, OPTION_SEND_TIMEOUT),
    };
    if (dry)
        return 0;
    return transport_check(job->transport, error) || store_thresholds(job, error) ? -1 : 0;
}

static void release_job(struct job *job)
{
    transport_close(job->transport);
    postgres_close(job->postgres);
    templates_release(&job->templates);
    notice_release(&job->attempt.notice);
    notify_metrics_release(&job->metrics);
}

int notify_run(const struct config *config, const struct notify_listener *listener, struct notify_summary *ret_summary,
               struct error *error)
{
    struct job job = {.config = config, .listener = listener};
    int status;

    notify_metrics_init(&job.metrics);
    status = open_job(&job, error);
    if (!status && config_flag(config, OPTION_DRY_RUN))
        status = run_dry(&job, error);
    else if (!status)
        status = config_flag(config, OPTION_FOLLOW) ? follow_and_serve(&job, error) : run_once(&job, error);
    *ret_summary = job.summary;
    release_job(&job);
    return status;
}
