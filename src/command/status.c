#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "command/command.h"
#include "postgres/schema.h"
#include "status/figures.h"
#include "status/show.h"
#include "status/watch.h"

/* Rates are measured between two readings, and workers commit more than once in this time. */
#define RATE_INTERVAL_MS 1000

#define WATCH_INTERVAL_MS 2000

/* Reads the figures with their rates, if there is anything that has one. */
static int read_with_rates(struct postgres *postgres, const struct partition_filter *filter,
                           struct figures **ret_figures, struct error *error)
{
    cleanup(figures_cleanup) struct figures *before = NULL;

    if (figures_read(postgres, filter, &before, error))
        return -1;
    if (before->partitions.count) {
        time_sleep_ms(RATE_INTERVAL_MS);
        if (figures_read(postgres, filter, ret_figures, error))
            return -1;
        figures_compare(*ret_figures, before);
        return 0;
    }
    *ret_figures = before;
    before = NULL;
    return 0;
}

/* Exit code 4 when a partition is further behind than --max-lag. */
static int judge_lag(const struct figures *figures, const struct config *config, struct error *error)
{
    struct partition_status status;
    int64_t limit_ms = config_number(config, OPTION_MAX_LAG), seconds;

    if (!config_has(config, OPTION_MAX_LAG))
        return 0;
    seconds = figures_furthest(figures, &status);
    if (seconds < 0) {
        error_set(error, ANT_PROGRESS_NONE, "no job has committed yet: there is no lag to compare with --max-lag");
        return error_hint(error, "start antenna speed, or correct jdbc-uri");
    }
    if (seconds * MS_PER_SECOND <= limit_ms)
        return 0;
    log_line(LEVEL_WARNING,
             "partition %d of topic \"%s\" (job \"%s\") is %" PRId64 " s behind, last commit %" PRId64
             " s ago; --max-lag is %s",
             (int)status.partition, status.topic, status.job, status.lag_seconds, status.commit_age,
             config_text(config, OPTION_MAX_LAG));
    return EXIT_DIFFERENCE;
}

static int print(struct postgres *postgres, const struct partition_filter *filter, const struct config *config,
                 struct error *error)
{
    cleanup(figures_cleanup) struct figures *figures = NULL;
    cleanup(buffer_release) struct buffer text = {0};

    if (read_with_rates(postgres, filter, &figures, error))
        return -1;
    if (config_flag(config, OPTION_JSON))
        return json_print(show_json(figures), JSON_INDENT(2) | JSON_ENSURE_ASCII, error)
                   ? -1
                   : judge_lag(figures, config, error);
    show_figures(figures, (struct show_room){SIZE_MAX, SIZE_MAX}, &text);
    fputs(text.data, stdout);
    return judge_lag(figures, config, error);
}

static int64_t watch_interval(const struct config *config)
{
    return config_has(config, OPTION_INTERVAL) ? config_number(config, OPTION_INTERVAL) : WATCH_INTERVAL_MS;
}

int command_status(const struct config *config, struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct partition_filter filter = {config_text(config, OPTION_JOB), config_text(config, OPTION_TOPIC)};
    struct postgres *taken;

    if (config_flag(config, OPTION_WATCH) && config_flag(config, OPTION_JSON))
        return error_set(error, ANT_OPTIONS_CONFLICT,
                         "--watch shows figures to people, and --json prints them once for scripts");
    if (config_flag(config, OPTION_WATCH) && config_has(config, OPTION_MAX_LAG))
        return error_set(error, ANT_OPTIONS_CONFLICT,
                         "--watch shows figures to people, and --max-lag judges them once");
    if (login(config, &postgres, error) || schema_check(postgres, config, error))
        return -1;
    if (!config_flag(config, OPTION_WATCH))
        return print(postgres, &filter, config, error);
    taken = postgres;
    postgres = NULL;
    return watch_run(taken, config, &filter, watch_interval(config), error);
}
