#include "speed/probe.h"

#include "base/log.h"
#include "base/time.h"
#include "postgres/server.h"

static void probe_disk(struct worker *worker)
{
    struct probed_disk *disk = &worker->disk;
    bool fails = worker->job->archive && staging_look(worker->staging, &disk->cause);

    if (fails && !disk->trouble.now)
        log_trouble_begin(&disk->trouble, time_monotonic_ms(), "worker %d cannot archive for now: %s; %s",
                          worker->number, disk->cause.message, disk->cause.hint);
    else if (!fails)
        log_trouble_end(&disk->trouble, "worker %d can archive again", worker->number);
}

int probe_world(struct worker *worker, struct error *error)
{
    probe_disk(worker);
    return server_check_writing(worker->postgres, error);
}
