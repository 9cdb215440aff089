#include "speed/stages.h"

#include "base/time.h"

static const char *const stage_names[STAGES] = {
    [STAGE_FETCH] = "fetch",   [STAGE_TAKE] = "take", [STAGE_DECODE] = "decode", [STAGE_INTERN] = "intern",
    [STAGE_COMMIT] = "commit", [STAGE_SUM] = "sum",   [STAGE_ENCODE] = "encode", [STAGE_OTHER] = "other",
};

void stages_begin(struct stages *stages, bool wanted)
{
    *stages = (struct stages){.wanted = wanted};
    if (wanted)
        stages->last = time_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The clock of CPU time needs a system call, unlike CLOCK_MONOTONIC: in production it is not read at all. */
void stages_end(struct stages *stages, enum stage stage)
{
    int64_t now;

    if (!stages->wanted)
        return;
    now = time_read_ns(CLOCK_THREAD_CPUTIME_ID);
    stages->spent[stage] += now - stages->last;
    stages->last = now;
}

void stages_add(struct stages *stages, enum stage stage, int64_t cpu_ns)
{
    stages->spent[stage] += cpu_ns;
}

int64_t stages_process_time(void)
{
    return time_read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void stages_print(const int64_t spent[STAGES], int64_t messages, struct buffer *ret_text)
{
    int64_t all = 0;

    for (int i = 0; i < STAGES; i++)
        all += spent[i];
    if (messages == 0 || all == 0)
        return;
    buffer_printf(ret_text, "%-8s %14s %8s\n", "stage", "CPU ns/message", "share");
    for (int i = 0; i < STAGES; i++)
        buffer_printf(ret_text, "%-8s %14.1f %7.1f%%\n", stage_names[i], (double)spent[i] / (double)messages,
                      100.0 * (double)spent[i] / (double)all);
    buffer_printf(ret_text, "%-8s %14.1f %7.1f%%\n", "all", (double)all / (double)messages, 100.0);
}
