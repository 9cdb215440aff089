#include <stdint.h>
#include <stdio.h>

#include "base/time.h"
#include "command/command.h"
#include "config/jdbc.h"
#include "postgres/schema.h"
#include "status/figures.h"
#include "status/show.h"
#include "status/watch.h"

/* Rates are measured between two readings, and workers commit more than once in this time. */
#define RATE_INTERVAL_MS 1000

#define WATCH_INTERVAL_MS 2000

/* Reads the figures with their rates, if there is anything that has one. */
static int read_with_rates(struct postgres *postgres, struct figures **ret_figures, struct error *error)
{
    cleanup(figures_cleanup) struct figures *before = NULL;

    if (figures_read(postgres, &before, error))
        return -1;
    if (before->partitions.count) {
        time_sleep_ms(RATE_INTERVAL_MS);
        if (figures_read(postgres, ret_figures, error))
            return -1;
        figures_compare(*ret_figures, before);
        return 0;
    }
    *ret_figures = before;
    before = NULL;
    return 0;
}

static int print(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(figures_cleanup) struct figures *figures = NULL;
    cleanup(buffer_release) struct buffer text = {0};

    if (read_with_rates(postgres, &figures, error))
        return -1;
    if (config_flag(config, OPTION_JSON)) {
        json_t *object = show_json(figures);

        json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(object);
        return 0;
    }
    show_figures(figures, (struct show_room){SIZE_MAX, SIZE_MAX}, &text);
    fputs(text.data, stdout);
    return 0;
}

static int64_t watch_interval(const struct config *config)
{
    return config_has(config, OPTION_INTERVAL) ? config_number(config, OPTION_INTERVAL) : WATCH_INTERVAL_MS;
}

int command_status(const struct config *config, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct postgres *taken;

    if (config_flag(config, OPTION_WATCH) && config_flag(config, OPTION_JSON))
        return error_set(error, ERROR_USAGE,
                         "--watch shows figures to people, and --json prints them once for scripts");
    if (jdbc_from_config(config, &address, error) || postgres_open(&address, &postgres, error) ||
        schema_check(postgres, config, error))
        return -1;
    if (!config_flag(config, OPTION_WATCH))
        return print(postgres, config, error);
    taken = postgres;
    postgres = NULL;
    return watch_run(taken, &address, watch_interval(config), error);
}
