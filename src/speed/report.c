#include "speed/report.h"

#include <inttypes.h>

#define MEGABYTE 1e6

struct report report_of(struct worker *workers, size_t count)
{
    struct report report = {0};

    for (size_t i = 0; i < count; i++) {
        struct counters *counters = &workers[i].counters;

        report.read += atomic_load(&counters->read);
        report.read_again += atomic_load(&counters->read_again);
        report.totalled += atomic_load(&counters->totalled);
        report.rejected += atomic_load(&counters->rejected);
        report.bytes += atomic_load(&counters->bytes);
        report.archived += atomic_load(&counters->archived);
        report.files += atomic_load(&counters->files);
        report.file_bytes += atomic_load(&counters->file_bytes);
    }
    return report;
}

void report_profile(const struct worker *workers, size_t count, int64_t read, int64_t all, struct buffer *ret_text)
{
    int64_t spent[STAGES] = {[STAGE_FETCH] = all};

    for (size_t i = 0; i < count; i++)
        for (int stage = 0; stage < STAGES; stage++) {
            spent[stage] += workers[i].stages.spent[stage];
            spent[STAGE_FETCH] -= workers[i].stages.spent[stage];
        }
    stages_print(spent, read, ret_text);
}

void report_progress(const struct report *report, double seconds, struct buffer *ret_text)
{
    buffer_printf(ret_text,
                  "%" PRId64 " messages read (%.0f/s), %" PRId64 " totalled, %" PRId64 " rejected, %" PRId64
                  " archived in %" PRId64 " files",
                  report->read, seconds > 0 ? (double)report->read / seconds : 0, report->totalled, report->rejected,
                  report->archived, report->files);
}

void report_summary(const struct report *report, double seconds, struct buffer *ret_text)
{
    buffer_printf(ret_text,
                  "read %" PRId64 " messages in %.1f s: %" PRId64 " totalled with %" PRId64 " bytes, %" PRId64
                  " rejected",
                  report->read, seconds, report->totalled, report->bytes, report->rejected);
    if (report->read_again)
        buffer_printf(ret_text, ", %" PRId64 " read again for the archive only", report->read_again);
    buffer_printf(ret_text, "; archived %" PRId64 " in %" PRId64 " files of %.1f MB", report->archived, report->files,
                  (double)report->file_bytes / MEGABYTE);
}
