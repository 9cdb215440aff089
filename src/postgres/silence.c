#include "postgres/silence.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/sql.h"

/* More antennas than these at once, such as those of a region without power, are one notice, which names so many. */
#define NAMED_AT_ONCE 5

static void add_seconds(struct parameters *parameters, const struct config *config, enum option_id option)
{
    if (config_has(config, option))
        parameters_number(parameters, config_number(config, option) / MS_PER_SECOND);
    else
        parameters_text(parameters, NULL);
}

int silence_store(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    int64_t silent_after, active_within;

    add_seconds(&parameters, config, OPTION_SILENT_AFTER);
    add_seconds(&parameters, config, OPTION_ACTIVE_WITHIN);
    if (postgres_run(postgres, sql_update_silence, &parameters, &result, error))
        return error_context(error, "could not store after which time antennas are silent");
    silent_after = postgres_number(result, 0, 0);
    active_within = postgres_number(result, 0, 1);
    if (silent_after < active_within)
        return 0;
    error_set(error, ANT_SILENCE_IMPOSSIBLE,
              "no antenna could be silent: after %" PRId64 " s without events it is, and for %" PRId64
              " s after its last event it is watched",
              silent_after, active_within);
    return error_hint(error, "give --active-within a longer time than --silent-after");
}

void silence_check_release(struct silence_check *look)
{
    free(look->reason);
    *look = (struct silence_check){0};
}

int silence_check(struct postgres *postgres, bool tells, struct silence_check *ret_look, struct error *error)
{
    cleanup(postgres_clear) PGresult *lock = NULL, *result = NULL;
    struct parameters parameters = {0};

    /* The lock needs a statement of its own: only the next one sees what another process wrote before it released it.
     */
    if (tells && postgres_run(postgres, sql_try_silence, NULL, &lock, error))
        return error_context(error, "could not look for others that watch the antennas");
    parameters_flag(&parameters, tells && postgres_number(lock, 0, 0) != 0);
    parameters_number(&parameters, NAMED_AT_ONCE);
    if (postgres_run(postgres, sql_insert_silences, &parameters, &result, error))
        return error_context(error, "could not look for silent antennas");
    ret_look->silent = postgres_number(result, 0, 0);
    ret_look->reason = PQgetisnull(result, 0, 1) ? NULL : postgres_text(result, 0, 1);
    return 0;
}
