/*
 * Metrics as text, Prometheus' format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): for each metric its
 * HELP and TYPE lines, then a line for each sample; and those of the process.
 */
#ifndef ANTENNA_METRICS_EXPOSITION_H
#define ANTENNA_METRICS_EXPOSITION_H

#include "base/buffer.h"
#include "metrics/counter.h"
#include "metrics/metric.h"

/** The media type of the text. */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** A label of a sample; its value may be any text. Labels end with one without a name. */
struct label {
    const char *name;
    const char *value;
};

/** Begins a metric: its HELP and TYPE. All of its samples follow. */
void exposition_begin(struct buffer *text, enum metric_id id);

/** Adds a sample of a whole number to the metric that was begun; `labels` may be NULL. */
void exposition_count(struct buffer *text, enum metric_id id, const struct label *labels, int64_t value);

/** Adds a sample of any number. */
void exposition_number(struct buffer *text, enum metric_id id, const struct label *labels, double value);

/** A metric with one sample, without labels. */
void exposition_single(struct buffer *text, enum metric_id id, int64_t value);

/** A histogram, without labels. */
void exposition_histogram(struct buffer *text, enum metric_id id, const struct histogram_figures *figures);

/** Writes what Linux knows of this process, under the names process_… that all of Prometheus' clients use; leaves out
 * what cannot be read. */
void process_write(struct buffer *text);

#endif
