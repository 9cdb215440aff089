#include "status/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/ledger.h"

static void add_reason(void *context, const char *reason, int64_t messages)
{
    struct figures *figures = context;

    figures->reasons = memory_resize(figures->reasons, figures->reason_count + 1, sizeof(*figures->reasons));
    figures->reasons[figures->reason_count++] = (struct rejected_reason){memory_text(reason, strlen(reason)), messages};
}

static int read_all(struct postgres *postgres, const struct partition_filter *filter, struct figures *figures,
                    struct error *error)
{
    if (postgres_begin_snapshot(postgres, error) || status_partitions(postgres, filter, &figures->partitions, error) ||
        status_archive(postgres, &figures->archive, error) ||
        status_hours(postgres, FIGURES_HOURS, &figures->hours, error) ||
        notices_count(postgres, &figures->notices, error) || status_forgetting(postgres, &figures->forgetting, error) ||
        ledger_rejected(postgres, add_reason, figures, error))
        return -1;
    return postgres_commit(postgres, error);
}

/* A name that is misspelt must not look like a job without lag. */
static int refuse_filter(const struct partition_filter *filter, struct error *error)
{
    error_set(error, ANT_PROGRESS_NONE, "no partition belongs to %s%s%s%s%s%s%s", filter->job ? "job \"" : "",
              filter->job ? filter->job : "", filter->job ? "\"" : "", filter->job && filter->topic ? " and " : "",
              filter->topic ? "topic \"" : "", filter->topic ? filter->topic : "", filter->topic ? "\"" : "");
    return error_hint(error, "correct --job and --topic: antenna status without them shows all");
}

int figures_read(struct postgres *postgres, const struct partition_filter *filter, struct figures **ret_figures,
                 struct error *error)
{
    cleanup(figures_cleanup) struct figures *figures = memory_new(1, sizeof(*figures));

    if (read_all(postgres, filter, figures, error))
        return -1;
    if (figures->partitions.count == 0 && (filter->job || filter->topic))
        return refuse_filter(filter, error);
    figures->read_ms = time_monotonic_ms();
    figures->read_at = time_now();
    figures->rates = memory_new(figures->partitions.count, sizeof(*figures->rates));
    for (size_t i = 0; i < figures->partitions.count; i++)
        figures->rates[i] = RATE_UNKNOWN;
    *ret_figures = figures;
    figures = NULL;
    return 0;
}

static bool is_same(const struct partition_status *left, const struct partition_status *right)
{
    return left->partition == right->partition && strcmp(left->job, right->job) == 0 &&
           strcmp(left->topic, right->topic) == 0;
}

/* Both are in the same order, so that one walk finds each partition's twin. */
void figures_compare(struct figures *figures, const struct figures *before)
{
    double seconds = (double)(figures->read_ms - before->read_ms) / MS_PER_SECOND;
    size_t next = 0;

    for (size_t i = 0; i < figures->partitions.count && seconds > 0; i++) {
        struct partition_status now = partition_status_at(&figures->partitions, i);

        for (size_t j = next; j < before->partitions.count; j++) {
            struct partition_status then = partition_status_at(&before->partitions, j);

            if (!is_same(&now, &then))
                continue;
            figures->rates[i] = (double)(now.read > then.read ? now.read - then.read : 0) / seconds;
            next = j + 1;
            break;
        }
    }
}

int64_t figures_furthest(const struct figures *figures, struct partition_status *ret_partition)
{
    int64_t furthest = -1;

    for (size_t i = 0; i < figures->partitions.count; i++) {
        struct partition_status status = partition_status_at(&figures->partitions, i);
        int64_t silent = status.commit_age > FIGURES_SILENT_SECONDS ? status.commit_age : 0;
        int64_t behind = status.lag_seconds > silent ? status.lag_seconds : silent;

        if (behind > furthest) {
            furthest = behind;
            *ret_partition = status;
        }
    }
    return furthest;
}

void figures_free(struct figures *figures)
{
    if (!figures)
        return;
    partition_statuses_release(&figures->partitions);
    hour_statuses_release(&figures->hours);
    notice_counts_release(&figures->notices);
    free(figures->forgetting.id);
    for (size_t i = 0; i < figures->reason_count; i++)
        free(figures->reasons[i].reason);
    free(figures->reasons);
    free(figures->rates);
    free(figures);
}

void figures_cleanup(struct figures **figures)
{
    figures_free(*figures);
    *figures = NULL;
}
