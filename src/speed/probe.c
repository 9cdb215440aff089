#include "speed/probe.h"

#include "base/log.h"
#include "base/time.h"
#include "postgres/server.h"

static void say(struct worker *worker)
{
    struct probed_disk *disk = &worker->disk;
    int64_t left_out;

    if (disk->fails)
        disk->said = log_repeat(&disk->repeats, time_monotonic_ms(), &left_out);
    if (!disk->said)
        return;
    if (disk->fails)
        log_line(LOG_WARNING, "worker %d cannot archive for now: %s; %s", worker->number, disk->cause.message,
                 disk->cause.hint);
    else
        log_line(LOG_INFO, "worker %d can archive again", worker->number);
}

static void probe_disk(struct worker *worker)
{
    bool failed = worker->disk.fails;

    worker->disk.fails = worker->job->archive && staging_look(worker->staging, &worker->disk.cause);
    if (worker->disk.fails != failed)
        say(worker);
}

int probe_world(struct worker *worker, struct error *error)
{
    probe_disk(worker);
    return server_check_writing(worker->postgres, error);
}
