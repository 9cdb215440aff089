#include "metrics/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"
#include "metrics/exposition.h"

#define NANOSECONDS 1e9

static double read_clock(clockid_t clock)
{
    return (double)time_read_ns(clock) / NANOSECONDS;
}

static void write_single(struct buffer *text, enum metric_id id, double value)
{
    exposition_begin(text, id);
    exposition_number(text, id, NULL, value);
}

/* Size and resident part, in pages (proc(5)). */
static void write_memory(struct buffer *text)
{
    int64_t page = sysconf(_SC_PAGESIZE), size, resident;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return;
    if (fscanf(file, "%" SCNd64 " %" SCNd64, &size, &resident) == 2) {
        exposition_single(text, METRIC_PROCESS_RESIDENT_MEMORY, resident * page);
        exposition_single(text, METRIC_PROCESS_VIRTUAL_MEMORY, size * page);
    }
    fclose(file);
}

static void write_descriptors(struct buffer *text)
{
    DIR *folder = opendir("/proc/self/fd");
    struct rlimit limit;
    int64_t count = 0;

    if (folder) {
        while (readdir(folder))
            count++;
        closedir(folder);
        /* Less ".", ".." and the folder itself. */
        exposition_single(text, METRIC_PROCESS_OPEN_FDS, count - 3);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        exposition_single(text, METRIC_PROCESS_MAX_FDS, (int64_t)limit.rlim_cur);
}

/* Ticks after the boot when the process was started: field 22 of /proc/self/stat, the 20th behind the name, which ends
 * with the last parenthesis (proc(5)). */
static bool read_start_ticks(uintmax_t *ret_ticks)
{
    FILE *file = fopen("/proc/self/stat", "re");
    char line[1024];
    char *field = NULL;

    if (!file)
        return false;
    if (fgets(line, sizeof(line), file))
        field = strrchr(line, ')');
    fclose(file);
    for (int i = 0; i < 20 && field; i++)
        field = strchr(field + 1, ' ');
    return field && sscanf(field, "%" SCNuMAX, ret_ticks) == 1;
}

/* Computed once: two clocks read one after the other differ a little each time, and a changed value means a restart.
 * One thread serves the metrics. 0: unknown. */
static double start_time(void)
{
    static double start;
    uintmax_t ticks;

    if (start == 0 && read_start_ticks(&ticks))
        start = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME) + (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return start;
}

void process_write(struct buffer *text)
{

    write_single(text, METRIC_PROCESS_CPU, read_clock(CLOCK_PROCESS_CPUTIME_ID));
    write_memory(text);
    write_descriptors(text);
    if (start_time() > 0)
        write_single(text, METRIC_PROCESS_START_TIME, start_time());
}
