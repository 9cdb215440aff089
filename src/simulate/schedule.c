#include "simulate/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "record/record.h"
#include "simulate/generator.h"

#define MS_PER_SECOND 1000

/* Late events must not fall out of the times that an event may have. */
#define FIRST_TIME_MIN (RECORD_TIME_MIN + LATE_SECONDS_MAX)

static int64_t min64(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* a * b / c without overflow on the way; the result must fit. */
static int64_t scale(int64_t a, int64_t b, int64_t c)
{
    return (int64_t)((__int128)a * b / c);
}

static int64_t density(const struct schedule *schedule)
{
    return schedule->rate ? schedule->rate : SCHEDULE_MAX_DENSITY;
}

static int read_rate(const char *text, int64_t *ret_rate, struct error *error)
{
    char *end;
    long long rate = strtoll(text, &end, 10);

    if (strcmp(text, "max") == 0) {
        *ret_rate = 0;
        return 0;
    }
    if (*text < '0' || *text > '9' || *end || rate < 1 || rate > SCHEDULE_RATE_MAX) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for rate: \"%s\" is not a number of messages a second",
                  text);
        return error_hint(error, "give a number from 1 to %d, or max", SCHEDULE_RATE_MAX);
    }
    *ret_rate = rate;
    return 0;
}

/* An option's event time in milliseconds. */
static int read_time(const struct config *config, enum option_id id, int64_t now_ms, int64_t *ret_ms,
                     struct error *error)
{
    const char *name = option_table[id].name;
    int64_t time = config_number(config, id);
    char text[TIME_TEXT_SIZE];

    if (time < FIRST_TIME_MIN)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: %s is before %s", name,
                         config_text(config, id), time_format(FIRST_TIME_MIN, text));
    if (time * MS_PER_SECOND > now_ms)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: %s lies in the future", name,
                         config_text(config, id));
    *ret_ms = time * MS_PER_SECOND;
    return 0;
}

static int read_range(struct schedule *schedule, const struct config *config, int64_t now_ms, struct error *error)
{
    schedule->from_start = !config_has(config, OPTION_FROM);
    schedule->first_ms = now_ms;
    schedule->ranged = config_has(config, OPTION_TO);
    if (schedule->ranged && schedule->from_start) {
        error_set(error, ANT_OPTIONS_CONFLICT, "to is given without from");
        return error_hint(error, "give --from, the event time of the first message, as well");
    }
    if (!schedule->from_start && read_time(config, OPTION_FROM, now_ms, &schedule->first_ms, error))
        return -1;
    if (schedule->ranged && read_time(config, OPTION_TO, now_ms, &schedule->last_ms, error))
        return -1;
    if (schedule->ranged && schedule->last_ms < schedule->first_ms)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for to: %s is before from, %s",
                         config_text(config, OPTION_TO), config_text(config, OPTION_FROM));
    return 0;
}

int schedule_init(struct schedule *schedule, const struct config *config, int64_t now_ms, struct error *error)
{
    *schedule = (struct schedule){.count = INT64_MAX, .duration_ms = INT64_MAX};
    if (read_rate(config_text(config, OPTION_RATE), &schedule->rate, error) ||
        read_range(schedule, config, now_ms, error))
        return -1;
    if (config_has(config, OPTION_MESSAGES))
        schedule->count = config_number(config, OPTION_MESSAGES);
    else if (schedule->ranged)
        schedule->count = scale(schedule->last_ms - schedule->first_ms, density(schedule), MS_PER_SECOND) + 1;
    if (config_has(config, OPTION_DURATION))
        schedule->duration_ms = config_number(config, OPTION_DURATION);
    schedule->spread = schedule->ranged && config_has(config, OPTION_MESSAGES);
    return 0;
}

void schedule_start(struct schedule *schedule, int64_t now_ms)
{
    if (schedule->from_start)
        schedule->first_ms = now_ms;
}

int64_t schedule_event_time(const struct schedule *schedule, int64_t index, struct moment moment)
{
    int64_t time_ms = schedule->first_ms;

    if (!schedule->spread)
        time_ms += scale(index, MS_PER_SECOND, density(schedule));
    else if (index)
        time_ms += scale(index, schedule->last_ms - schedule->first_ms, schedule->count - 1);
    if (!schedule->ranged)
        time_ms = min64(time_ms, moment.now_ms);
    return time_ms / MS_PER_SECOND;
}

/* The time by which messages are sent, from 0: of the range's sending, or of the events themselves. */
static int64_t sending_time(const struct schedule *schedule, struct moment moment)
{
    return schedule->spread ? moment.elapsed_ms : moment.now_ms - schedule->first_ms;
}

int64_t schedule_due(const struct schedule *schedule, struct moment moment)
{
    int64_t time_ms = sending_time(schedule, moment);
    __int128 due;

    if (schedule->rate == 0)
        return schedule->count;
    if (time_ms <= 0)
        return 0;
    /* Those before `time_ms`: at rate 100 a second has 100, and the first of the next second is not among them. */
    due = ((__int128)time_ms * schedule->rate + MS_PER_SECOND - 1) / MS_PER_SECOND;
    return due < schedule->count ? (int64_t)due : schedule->count;
}

int64_t schedule_wait_ms(const struct schedule *schedule, int64_t index, struct moment moment)
{
    int64_t due_ms;

    if (schedule->rate == 0)
        return 0;
    /* A whole millisecond has to pass before what is due within it counts as due. */
    due_ms = scale(index, MS_PER_SECOND, schedule->rate) + 1;
    return due_ms - min64(due_ms, sending_time(schedule, moment));
}
