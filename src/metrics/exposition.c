#include "metrics/exposition.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"

void exposition_begin(struct buffer *text, enum metric_id id)
{
    const struct metric *metric = &metric_table[id];

    buffer_printf(text, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                  metric_type_name(metric->type));
}

/* Backslash, quote and line break are escaped, as the format demands; all other bytes are literal. */
static void write_value(struct buffer *text, const char *value)
{
    for (; *value; value++)
        if (*value == '\n')
            buffer_text(text, "\\n");
        else {
            if (*value == '\\' || *value == '"')
                buffer_text(text, "\\");
            buffer_append(text, value, 1);
        }
}

static void write_name(struct buffer *text, enum metric_id id, const struct label *labels)
{
    const char *separator = "{";

    buffer_text(text, metric_table[id].name);
    if (!labels)
        return;
    for (const struct label *label = labels; label->name; label++) {
        buffer_printf(text, "%s%s=\"", separator, label->name);
        write_value(text, label->value);
        buffer_text(text, "\"");
        separator = ",";
    }
    buffer_text(text, "}");
}

void exposition_count(struct buffer *text, enum metric_id id, const struct label *labels, int64_t value)
{
    write_name(text, id, labels);
    buffer_printf(text, " %" PRId64 "\n", value);
}

void exposition_number(struct buffer *text, enum metric_id id, const struct label *labels, double value)
{
    write_name(text, id, labels);
    buffer_printf(text, " %.17g\n", value);
}

void exposition_single(struct buffer *text, enum metric_id id, int64_t value)
{
    exposition_begin(text, id);
    exposition_count(text, id, NULL, value);
}

void exposition_histogram(struct buffer *text, enum metric_id id, const struct histogram_figures *figures)
{
    const char *name = metric_table[id].name;
    int64_t count = 0;

    exposition_begin(text, id);
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        count += figures->counts[i];
        buffer_printf(text, "%s_bucket{le=\"%g\"} %" PRId64 "\n", name, histogram_bounds[i], count);
    }
    count += figures->counts[HISTOGRAM_BOUNDS];
    buffer_printf(text, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", name, count);
    buffer_printf(text, "%s_sum %.6f\n%s_count %" PRId64 "\n", name, (double)figures->sum_us / US_PER_SECOND, name,
                  count);
}

static double read_clock(clockid_t clock)
{
    return (double)time_read_ns(clock) / NS_PER_SECOND;
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
