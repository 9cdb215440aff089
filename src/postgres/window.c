#include "postgres/window.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/sql.h"

#define WINDOW_DEFAULT (5 * SECONDS_PER_MINUTE)

/* The first version of the schema that stores the window. Before it, all had WINDOW_DEFAULT. */
#define FIRST_VERSION 11

struct window_shown window_show(int64_t seconds)
{
    struct window_shown shown;

    if (seconds % SECONDS_PER_HOUR == 0)
        snprintf(shown.text, sizeof(shown.text), "%" PRId64 "h", seconds / SECONDS_PER_HOUR);
    else if (seconds % SECONDS_PER_MINUTE == 0)
        snprintf(shown.text, sizeof(shown.text), "%" PRId64 "m", seconds / SECONDS_PER_MINUTE);
    else
        snprintf(shown.text, sizeof(shown.text), "%" PRId64 "s", seconds);
    return shown;
}

bool window_is_valid(int64_t milliseconds)
{
    return milliseconds > 0 && milliseconds % MS_PER_SECOND == 0 &&
           SECONDS_PER_HOUR * MS_PER_SECOND % milliseconds == 0;
}

/* The window, or 0 when the stored value can be none; `ret_result` has it as it is. */
static int select_window(struct postgres *postgres, int64_t *ret_seconds, PGresult **ret_result, struct error *error)
{
    if (postgres_run(postgres, sql_select_window, NULL, ret_result, error))
        return error_context(error, "could not read the window of the totals");
    *ret_seconds = PQntuples(*ret_result) ? postgres_number(*ret_result, 0, 0) : 0;
    if (!window_is_valid(*ret_seconds * MS_PER_SECOND))
        *ret_seconds = 0;
    return 0;
}

static int refuse_unknown(const PGresult *result, struct error *error)
{
    const char *found = !PQntuples(result) ? "missing" : PQgetisnull(result, 0, 0) ? "NULL" : PQgetvalue(result, 0, 0);

    error_set(error, ANT_WINDOW_UNKNOWN,
              "the window of the totals is unknown: antenna.data_set.window_seconds is %s, which does not divide an "
              "hour",
              found);
    return error_hint(error, "run antenna provision with --window and the window that the totals have, such as 5m");
}

static int refuse_change(int64_t stored, int64_t wanted, struct error *error)
{
    error_set(error, ANT_WINDOW_COUNTED,
              "the window of the totals cannot become %s: totals of %s are counted already, and a table has one window",
              window_show(wanted).text, window_show(stored).text);
    return error_hint(error, "leave out --window, use another database, or see Start over in the recipes");
}

/* The row of the data set is changed first: a claim that is under way shares its lock, so this waits for it, and a
 * later claim sees the new window. Then all jobs are fenced: none can commit totals of the old window. */
static int change(struct postgres *postgres, int64_t seconds, struct error *error)
{
    struct parameters parameters = {0};

    parameters_number(&parameters, seconds);
    if (postgres_do(postgres, sql_update_window, &parameters, error) ||
        postgres_do(postgres, sql_fence_jobs, NULL, error))
        return error_context(error, "could not store the window of the totals");
    return 0;
}

static int find_totals(struct postgres *postgres, const struct config *config, bool *ret_counted, struct error *error)
{
    cleanup(memory_free) char *sql =
        postgres_with_table(sql_has_totals, "bytes", config_text(config, OPTION_JDBC_TABLE));
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql, NULL, &result, error))
        return error_context(error, "could not look for totals");
    *ret_counted = postgres_number(result, 0, 0) != 0;
    return 0;
}

int window_store(struct postgres *postgres, const struct config *config, int64_t before, int64_t *ret_seconds,
                 struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    bool given = config_has(config, OPTION_WINDOW), counted = false;
    int64_t stored = 0, known;

    if (select_window(postgres, &stored, &result, error))
        return -1;
    known = before > 0 && before < FIRST_VERSION ? WINDOW_DEFAULT : stored;
    *ret_seconds = given ? config_number(config, OPTION_WINDOW) / MS_PER_SECOND : known ? known : WINDOW_DEFAULT;
    if (*ret_seconds == stored)
        return 0;
    /* In this order: after the fence nothing can be counted in the old window any more, so what is found is all. */
    if (change(postgres, *ret_seconds, error) || find_totals(postgres, config, &counted, error))
        return -1;
    /* Totals that are there before the first provision come from another job: only the operator knows their window. */
    if (before == 0 || !counted || *ret_seconds == known)
        return 0;
    if (known)
        return refuse_change(known, *ret_seconds, error);
    return given ? 0 : refuse_unknown(result, error);
}

int window_read(struct postgres *postgres, int64_t *ret_seconds, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (select_window(postgres, ret_seconds, &result, error))
        return -1;
    return *ret_seconds ? 0 : refuse_unknown(result, error);
}

int window_check(struct postgres *postgres, int64_t seconds, struct error *error)
{
    int64_t now = 0;

    if (window_read(postgres, &now, error))
        return -1;
    if (now == seconds)
        return 0;
    error_set(error, ANT_WINDOW_CHANGED, "the window of the totals has changed from %s to %s since this job started",
              window_show(seconds).text, window_show(now).text);
    return error_hint(error, "start the job again, which reads the new window");
}
