/* What Linux knows of this process, under the names that all of Prometheus' clients use. */
#ifndef ANTENNA_METRICS_PROCESS_H
#define ANTENNA_METRICS_PROCESS_H

#include "base/buffer.h"

/** Writes the metrics process_…; leaves out what cannot be read. */
void process_write(struct buffer *text);

#endif
