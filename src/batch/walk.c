#include "batch/walk.h"

#include "base/log.h"
#include "base/stop.h"

int walk_hours(struct walk *walk, const struct postgres *postgres, const struct hour_list *hours, walk_function run,
               void *context, struct error *error)
{
    int status = 0;

    bar_begin(&walk->bar);
    for (size_t i = 0; i < hours->count && !status; i++) {
        if (stop_requested()) {
            walk->left = hours->count - i;
            walk->left_from = hours->list[i].hour;
            break;
        }
        bar_show(&walk->bar, (double)i / (double)hours->count, "%zu of %zu hours", i, hours->count);
        status = run(context, &hours->list[i], error);
        /* Without a connection every further hour would fail in the same way. */
        if (!status || (hours->count == 1 && walk->one_fails) || !postgres_is_connected(postgres))
            continue;
        bar_end(&walk->bar);
        log_error(LEVEL_ERROR, error, "%s", error_show(error).text);
        error_keep_worst(&walk->failure, error);
        walk->failed++;
        status = 0;
    }
    bar_end(&walk->bar);
    return status;
}

int walk_result(const struct walk *walk, size_t count, struct error *error)
{
    if (walk->failed == 0)
        return 0;
    error_set(error, walk->failure, "could not %s %zu of %zu hours", walk->what, walk->failed, count);
    return error_hint(error, "each is logged above with its reason");
}
