#include "simulate/generator.h"

#define USER_BANDS 10
#define BYTES_OCTAVES 12
#define BYTES_MIN 64u

/* The year 2099, UTC. */
#define FUTURE_FIRST 4070908800u
#define FUTURE_SECONDS (365u * 24 * 3600)

/* Shares are given in decimals; their sum may miss 1 by the rounding of doubles. */
#define ROUNDING 1e-9

#define DRAWS 4294967296.0 /* 32 bits */

int generator_init(struct generator *generator, const struct config *config, const struct population *population,
                   struct error *error)
{
    double repeat = config_share(config, OPTION_DUPLICATE);
    double malformed = repeat + config_share(config, OPTION_MALFORMED);
    double future = malformed + config_share(config, OPTION_FUTURE);
    double late = future + config_share(config, OPTION_LATE);

    if (late > 1 + ROUNDING)
        return error_set(error, ANT_VALUE_INVALID,
                         "the shares late, malformed, future and duplicate add up to %g, more than 1", late);
    *generator = (struct generator){
        .population = population,
        .random = {(uint64_t)config_number(config, OPTION_SEED)},
        .repeat_below = (uint64_t)(repeat * DRAWS),
        .malformed_below = (uint64_t)(malformed * DRAWS),
        .future_below = (uint64_t)(future * DRAWS),
        .late_below = (uint64_t)(late * DRAWS),
    };
    return 0;
}

void generator_release(struct generator *generator)
{
    buffer_release(&generator->text);
}

static uint32_t draw_user(struct random *random, uint32_t count)
{
    uint32_t bands = count < USER_BANDS ? count : USER_BANDS;
    uint32_t band = random_halving(random, bands);
    uint32_t first = (uint32_t)((uint64_t)count * band / bands);
    uint32_t end = (uint32_t)((uint64_t)count * (band + 1) / bands);

    return first + random_below(random, end - first);
}

static int64_t draw_bytes(struct random *random)
{
    uint32_t first = BYTES_MIN << random_halving(random, BYTES_OCTAVES);

    return first + random_below(random, first);
}

static struct coded_event draw_event(struct generator *generator, int64_t event_time)
{
    const uint32_t *counts = generator->population->counts;
    struct coded_event event = {.timestamp = (uint32_t)event_time};

    event.codes[TEXT_ID] = draw_user(&generator->random, counts[TEXT_ID]);
    event.codes[TEXT_ANTENNA_ID] = random_skewed(&generator->random, counts[TEXT_ANTENNA_ID]);
    event.codes[TEXT_APP] = random_skewed(&generator->random, counts[TEXT_APP]);
    event.bytes = draw_bytes(&generator->random);
    return event;
}

/* The first message has none to repeat and is on time instead. */
static enum message_kind kind_of(const struct generator *generator, uint32_t draw)
{
    if (draw < generator->repeat_below)
        return MESSAGE_ON_TIME;
    if (draw < generator->malformed_below)
        return MESSAGE_MALFORMED;
    if (draw < generator->future_below)
        return MESSAGE_FUTURE;
    return draw < generator->late_below ? MESSAGE_LATE : MESSAGE_ON_TIME;
}

static void make_message(struct generator *generator, enum message_kind kind, int64_t event_time)
{
    struct simulated_message *message = &generator->last;
    bool has_text = true;

    message->kind = kind;
    message->event = draw_event(generator, event_time);
    if (kind == MESSAGE_LATE)
        message->event.timestamp -= 1 + random_below(&generator->random, LATE_SECONDS_MAX);
    if (kind == MESSAGE_FUTURE)
        message->event.timestamp = FUTURE_FIRST + random_below(&generator->random, FUTURE_SECONDS);
    if (kind == MESSAGE_MALFORMED)
        has_text = message_write_malformed(generator->population, &message->event,
                                           random_below(&generator->random, MALFORMED_KINDS), &generator->text);
    else
        message_write(generator->population, &message->event, &generator->text);
    message->text = (struct slice){has_text ? generator->text.data : NULL, generator->text.size};
}

const struct simulated_message *generator_next(struct generator *generator, int64_t event_time)
{
    uint32_t draw = random_next32(&generator->random);
    bool repeat = generator->started && draw < generator->repeat_below;

    if (!repeat)
        make_message(generator, kind_of(generator, draw), event_time);
    generator->last.repeated = repeat;
    generator->started = true;
    return &generator->last;
}
