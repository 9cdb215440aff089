#include "simulate/tally.h"

#include <inttypes.h>

int64_t tally_sent(const struct tally *tally)
{
    return tally_valid(tally) + tally->counts[MESSAGE_MALFORMED] + tally->counts[MESSAGE_FUTURE];
}

int64_t tally_valid(const struct tally *tally)
{
    return tally->counts[MESSAGE_ON_TIME] + tally->counts[MESSAGE_LATE];
}

static double per_second(const struct tally *tally, double seconds)
{
    return seconds > 0 ? (double)tally_sent(tally) / seconds : 0;
}

void tally_progress(const struct tally *tally, double seconds, struct buffer *ret_text)
{
    buffer_printf(ret_text, "%" PRId64 " messages sent (%.0f/s)", tally_sent(tally), per_second(tally, seconds));
}

void tally_summary(const struct tally *tally, double seconds, struct buffer *ret_text)
{
    buffer_printf(ret_text,
                  "sent %" PRId64 " messages in %.1f s (%.0f/s): %" PRId64 " valid with %" PRId64 " bytes, %" PRId64
                  " malformed, %" PRId64 " in the future; %" PRId64 " of the valid are late, %" PRId64
                  " of all repeat the one before",
                  tally_sent(tally), seconds, per_second(tally, seconds), tally_valid(tally), tally->bytes,
                  tally->counts[MESSAGE_MALFORMED], tally->counts[MESSAGE_FUTURE], tally->counts[MESSAGE_LATE],
                  tally->repeated);
}
