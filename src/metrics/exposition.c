#include "metrics/exposition.h"

#include <inttypes.h>

#define MICROSECONDS 1e6

void exposition_begin(struct buffer *text, enum metric_id id)
{
    const struct metric *metric = &metric_table[id];

    buffer_printf(text, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                  metric_type_name(metric->type));
}

/* Backslash, quote and line break are escaped, as the format demands; all other bytes stand for themselves. */
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
    buffer_printf(text, "%s_sum %.6f\n%s_count %" PRId64 "\n", name, (double)figures->sum_us / MICROSECONDS, name,
                  count);
}
