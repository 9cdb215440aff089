#include "speed/supervise.h"

#include "base/buffer.h"
#include "base/notify.h"
#include "base/stop.h"

/* While a manager listens, the workers are looked at this often. */
#define LOOK_MS 100

static bool are_ready(const struct speed_metrics *metrics, int64_t now_ms)
{
    cleanup(buffer_release) struct buffer reason = {0};

    return speed_is_ready(metrics, now_ms, &reason);
}

/* Whether every worker has posted since that was so last. */
static bool have_turned(struct supervision *supervision, const struct speed_metrics *metrics, int64_t now_ms)
{
    if (speed_posted_ms(metrics) <= supervision->turned_ms)
        return false;
    supervision->turned_ms = now_ms;
    return true;
}

int64_t supervise(struct supervision *supervision, const struct speed_metrics *metrics, int64_t now_ms)
{
    if (!notify_wanted())
        return INT64_MAX;
    if (stop_requested()) {
        if (!supervision->stopping)
            supervision->stopping = notify_send("STOPPING=1\nSTATUS=writes what it has read, and stops");
    } else if (!supervision->ready && are_ready(metrics, now_ms)) {
        supervision->ready = notify_send("READY=1\nSTATUS=reads");
    }
    if (supervision->ready && !supervision->stopping && have_turned(supervision, metrics, now_ms))
        notify_alive();
    return now_ms + LOOK_MS;
}
