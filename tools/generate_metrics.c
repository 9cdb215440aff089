/* Prints docs/metrics.md from the table of metrics; `make reference` writes it, a test compares it. */
#include "metrics/metric.h"

int main(void)
{
    metric_markdown(stdout);
    return fflush(stdout) || ferror(stdout);
}
