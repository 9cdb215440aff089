#include "postgres/metrics.h"

#include "base/log.h"
#include "base/memory.h"
#include "postgres/sql.h"
#include "postgres/totals.h"

/* By a statement that gives the labels. */
static int read_kinds(struct postgres *postgres, const char *sql, const struct parameters *parameters,
                      total_kind_set *ret_kinds, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql, parameters, &result, error))
        return error_context(error, "could not read the metrics");
    *ret_kinds = total_kinds_standard();
    for (int i = 0; i < PQntuples(result); i++) {
        enum total_kind kind = total_kind_find(slice_of(PQgetvalue(result, i, 0)));

        if (kind == TOTAL_KINDS) {
            error_set(error, ANT_METRICS_UNKNOWN, "the metric \"%s\" in antenna.data_set is not known",
                      PQgetvalue(result, i, 0));
            return error_hint(error, "use the version of antenna that has switched it on, or a later one");
        }
        *ret_kinds |= (total_kind_set)1 << kind;
    }
    return 0;
}

int metrics_read(struct postgres *postgres, total_kind_set *ret_kinds, struct error *error)
{
    return read_kinds(postgres, sql_select_metrics, NULL, ret_kinds, error);
}

int metrics_read_pruned(struct postgres *postgres, int64_t hour, total_kind_set *ret_kinds, struct error *error)
{
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    return read_kinds(postgres, sql_select_pruned_metrics, &parameters, ret_kinds, error);
}

int metrics_hold(struct postgres *postgres, total_kind_set kinds, struct error *error)
{
    total_kind_set now = 0;

    if (read_kinds(postgres, sql_hold_metrics, NULL, &now, error))
        return -1;
    return now == kinds ? 0 : error_set(error, ANT_HOUR_CHANGED, "metrics were switched on while the hour was read");
}

int metrics_check(struct postgres *postgres, total_kind_set kinds, struct error *error)
{
    total_kind_set now = 0;

    if (metrics_read(postgres, &now, error))
        return -1;
    if (now == kinds)
        return 0;
    if (kinds & ~now) {
        error_set(error, ANT_METRICS_CHANGED,
                  "metrics that this job counts are not switched on any more, as after a restore");
        return error_hint(error, "switch them on again with antenna provision --metrics, and start the job again");
    }
    error_set(error, ANT_METRICS_CHANGED, "metrics were switched on since this job started");
    return error_hint(error, "start the job again, which counts them");
}

/* The words of --metrics are the kinds that not every installation has, in the order of the table. */
static total_kind_set wanted_kinds(const struct config *config)
{
    unsigned words = config_words(config, OPTION_METRICS), word = 1;
    total_kind_set kinds = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        if (total_kinds[kind].standard)
            continue;
        if (words & word)
            kinds |= (total_kind_set)1 << kind;
        word <<= 1;
    }
    return kinds;
}

/* The row of the data set is changed first: a claim that is under way shares its lock, so this waits for it, and a
 * later claim sees the new metrics. Then all jobs are fenced. Only now can nothing be counted without the metrics any
 * more, and the first window in which they are complete is stored. */
static int switch_on(struct postgres *postgres, const struct config *config, total_kind_set kinds, struct error *error)
{
    cleanup(memory_free) char *date =
        postgres_with_table(sql_date_metrics, "bytes", config_text(config, OPTION_JDBC_TABLE));
    cleanup(array_release) struct array labels = totals_labels(kinds);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_array(&parameters, &labels);
    if (postgres_do(postgres, sql_add_metrics, &parameters, error) ||
        postgres_do(postgres, sql_fence_jobs, NULL, error) || postgres_run(postgres, date, NULL, &result, error))
        return error_context(error, "could not switch metrics on");
    if (!PQgetisnull(result, 0, 0))
        log_line(
            LEVEL_WARNING,
            "the window totals have all of the metrics from %s on, as events from so far in the future are counted "
            "already; verify compares no earlier hour with them",
            PQgetvalue(result, 0, 0));
    return 0;
}

int metrics_store(struct postgres *postgres, const struct config *config, total_kind_set *ret_kinds,
                  struct error *error)
{
    total_kind_set stored = 0, added;

    if (metrics_read(postgres, &stored, error))
        return -1;
    added = wanted_kinds(config) & ~stored;
    *ret_kinds = stored | added;
    return added ? switch_on(postgres, config, added, error) : 0;
}
