#include "postgres/login.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"

/* Of the process: when it was last refused for the first time since a login, and whether it was ever logged in. */
static atomic_bool was_logged_in;
static atomic_int_least64_t refused_since_ms;

static bool is_read_again(const struct config *config)
{
    return strcmp(config_text(config, OPTION_JDBC_PASSWORD), "-") == 0 &&
           (config_has(config, OPTION_PASSWORD_FILE) || !getenv("PGPASSWORD"));
}

static bool is_in_grace(const struct error *refusal)
{
    int64_t since_ms = 0, now = time_monotonic_ms();

    if (!atomic_compare_exchange_strong(&refused_since_ms, &since_ms, now))
        return now - since_ms < LOGIN_GRACE_MS;
    log_line(LEVEL_WARNING, "logs in again for %d s with the password that it finds: %s", LOGIN_GRACE_MS / 1000,
             refusal->message);
    return true;
}

int login(const struct config *config, struct postgres **ret_postgres, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};

    if (jdbc_from_config(config, &address, error) == 0 && postgres_open(&address, ret_postgres, error) == 0) {
        atomic_store(&was_logged_in, true);
        atomic_store(&refused_since_ms, 0);
        return 0;
    }
    if (error->kind == ERROR_MISTAKE && atomic_load(&was_logged_in) && is_read_again(config) && is_in_grace(error))
        error->kind = ERROR_WORLD;
    return -1;
}
