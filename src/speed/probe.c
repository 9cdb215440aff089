#include "speed/probe.h"

#include <stdlib.h>

#include "archive/identity.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/server.h"

static void probe_disk(struct worker *worker)
{
    struct probed_disk *disk = &worker->disk;
    const struct job *job = worker->job;
    bool fails = job->archive && (identity_look(job->archive_path, job->archive_id, &disk->cause) ||
                                  staging_look(worker->staging, &disk->cause));

    if (fails && !disk->trouble.now)
        log_trouble_begin(&disk->trouble, time_monotonic_ms(), "worker %d cannot archive for now: %s; %s",
                          worker->number, disk->cause.message, disk->cause.hint);
    else if (!fails)
        log_trouble_end(&disk->trouble, "worker %d can archive again", worker->number);
}

/* An idle worker notices by this that the database was restored, or its progress deleted. */
static int probe_claims(const struct worker *worker, struct error *error)
{
    struct progress *claimed = memory_new(worker->partitions.count + 1, sizeof(*claimed));
    size_t count = 0;
    int status;

    for (size_t i = 0; i < worker->partitions.count; i++)
        if (worker->partitions.list[i].epoch)
            claimed[count++] = partition_progress(&worker->partitions.list[i]);
    status = count ? progress_check_owned(worker->postgres, &worker->job->key, claimed, count, error) : 0;
    free(claimed);
    return status;
}

int probe_world(struct worker *worker, struct error *error)
{
    probe_disk(worker);
    return server_check_writing(worker->postgres, error) || probe_claims(worker, error) ? -1 : 0;
}
