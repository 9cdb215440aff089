#include "batch/batch.h"

#include "batch/job.h"

static int run_once(struct batch_job *job, struct error *error)
{
    cleanup(hour_list_release) struct hour_list hours = {0};

    if (batch_job_hours(job, &hours, error) || batch_job_run(job, &hours, error))
        return -1;
    if (job->summary.failed == 0)
        return 0;
    error_set(error, job->failure, "could not run %zu of %zu hours", job->summary.failed, hours.count);
    return error_hint(error, "each is logged above with its reason; antenna verify tells more");
}

int batch_run(const struct config *config, const struct batch_listener *listener, struct batch_summary *ret_summary,
              struct error *error)
{
    struct batch_job job;
    int status = batch_job_open(&job, config, listener, error);

    if (!status)
        status = config_flag(config, OPTION_FOLLOW) ? batch_job_follow(&job, error) : run_once(&job, error);
    *ret_summary = job.summary;
    batch_job_release(&job);
    return status;
}
