#include <inttypes.h>

#include "base/buffer.h"
#include "base/time.h"
#include "doctor/subjects.h"
#include "kafka/sample.h"
#include "record/record.h"

/* Seconds by which a message may seem to come from the future: its stamp is a whole second, and clocks differ a bit. */
#define AHEAD_MAX 2

#define MESSAGES message_checks[0]
#define CLOCK message_checks[1]

const char *const message_checks[] = {"kafka_messages", "kafka_clock", NULL};

/* What the last messages are like. */
struct look {
    struct decoder decoder;
    int64_t messages;
    int64_t rejected;
    struct reject first; /* of those, and where it is: */
    int32_t first_partition;
    int64_t first_offset;
    int64_t newest;  /* arrival; -1 without any */
    int64_t unknown; /* messages whose timestamp cannot be their arrival, and the first of them: */
    struct message stamped;
};

static void look_at(void *context, const struct message *message)
{
    struct look *look = context;
    struct record record;
    struct reject reject;

    look->messages++;
    if (message->arrival > look->newest)
        look->newest = message->arrival;
    if (message->arrival < 0 && look->unknown++ == 0)
        look->stamped = *message;
    if (parse_json_data(&look->decoder, message->data, message->size, message->arrival, &record, &reject) == 0)
        return;
    if (look->rejected++)
        return;
    look->first = reject;
    look->first_partition = message->partition;
    look->first_offset = message->offset;
}

static void judge_messages(struct doctor *doctor, const struct look *look)
{
    cleanup(buffer_release) struct buffer text = {0};

    if (look->messages == 0) {
        found_skipped(doctor, MESSAGES, "the topic is empty");
        return;
    }
    if (look->rejected == 0) {
        found_ok(doctor, MESSAGES, "the last %" PRId64 " are events", look->messages);
        return;
    }
    buffer_printf(&text,
                  "of the last %" PRId64 " messages %" PRId64 " are invalid, such as partition %d, offset %" PRId64
                  ": %s: %s",
                  look->messages, look->rejected, (int)look->first_partition, look->first_offset,
                  reject_reason_code(look->first.reason), look->first.detail);
    if (look->rejected == look->messages)
        found_failed(doctor, MESSAGES, "check that --topic is the topic of the antennas' events", "%s", text.data);
    else
        found_warning(doctor, MESSAGES, "look at antenna.rejected, and fix the producer", "%s", text.data);
}

/* What a timestamp that cannot be an arrival probably is. */
static const char *explain_stamp(int64_t stamp_ms)
{
    if (stamp_ms <= 0)
        return "none";
    if (stamp_ms < INT64_MAX / 1000 && arrival_of(stamp_ms * 1000) >= 0)
        return "in seconds in place of milliseconds";
    if (arrival_of(stamp_ms / 1000) >= 0)
        return "in microseconds in place of milliseconds";
    if (arrival_of(stamp_ms / 1000000) >= 0)
        return "in nanoseconds in place of milliseconds";
    return "of a clock that is wrong";
}

static void judge_clock(struct doctor *doctor, const struct look *look, bool stamped_by_broker)
{
    int64_t ahead = look->newest - time_now();
    const char *who = stamped_by_broker ? "the broker" : "its sender";

    if (look->messages == 0)
        found_skipped(doctor, CLOCK, "the topic is empty");
    else if (look->unknown)
        found_warning(doctor, CLOCK,
                      "have the producer send milliseconds since 1970, or set the topic's message.timestamp.type to "
                      "LogAppendTime",
                      "of the last %" PRId64 " messages %" PRId64
                      " have a Kafka timestamp that cannot be their arrival, "
                      "such as partition %d, offset %" PRId64 ": %" PRId64 ", probably %s; --max-future does not judge "
                      "them",
                      look->messages, look->unknown, (int)look->stamped.partition, look->stamped.offset,
                      look->stamped.stamp_ms, explain_stamp(look->stamped.stamp_ms));
    else if (ahead > AHEAD_MAX)
        found_warning(doctor, CLOCK,
                      "have one source of time (NTP) set the clocks of this machine, brokers and senders",
                      "the newest message was stamped by %s %" PRId64 " s from now: a clock is wrong", who, ahead);
    else
        found_ok(doctor, CLOCK, "the newest message was stamped by %s %" PRId64 " s ago", who, ahead < 0 ? -ahead : 0);
}

void examine_messages(struct doctor *doctor, int32_t partitions, bool stamped_by_broker)
{
    struct look look = {.newest = -1};
    struct error error;

    decoder_init(&look.decoder, (struct record_limits){config_number(doctor->config, OPTION_MAX_FUTURE) / 1000,
                                                       config_number(doctor->config, OPTION_MAX_BYTES),
                                                       config_words(doctor->config, OPTION_ACCEPT)});
    if (sample_read(doctor->config, partitions, look_at, &look, &error)) {
        found_error(doctor, MESSAGES, &error);
        found_skipped(doctor, CLOCK, "no message was read");
    } else {
        judge_messages(doctor, &look);
        judge_clock(doctor, &look, stamped_by_broker);
    }
    decoder_release(&look.decoder);
}
