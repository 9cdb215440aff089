#include "batch/batch.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "command/command.h"

static void print_report(const struct batch_report *report)
{
    char hour[TIME_TEXT_SIZE];

    printf("hour         %s%s\n", time_format(report->hour, hour), report->rerun ? " (run again)" : "");
    printf("files        %zu%s\n", report->files, report->listed ? "" : " (found in the hour's folder, not listed)");
    printf("events       %" PRId64 "\n", report->events);
    printf("bytes        %" PRId64 "\n", report->bytes);
    printf("totals       %" PRId64 " antennas, %" PRId64 " apps, %" PRId64 " users\n",
           report->totals[DIMENSION_ANTENNA], report->totals[DIMENSION_APP], report->totals[DIMENSION_USER]);
    printf("over quota   %" PRId64 " users\n", report->exceeded);
    printf("no metadata  %" PRId64 " users\n", report->unknown);
}

int command_batch(const struct config *config, struct error *error)
{
    struct batch_report report;
    char hour[TIME_TEXT_SIZE];

    if (batch_run(config, &report, error))
        return -1;
    if (report.files == 0)
        log_line(LOG_WARNING, "the archive has no file of the hour %s: its totals are empty",
                 time_format(report.hour, hour));
    print_report(&report);
    return 0;
}
