#include "postgres/lock.h"

#include "base/log.h"
#include "postgres/sql.h"

enum holder_column {
    HOLDER_PID,
    HOLDER_USER,
    HOLDER_APPLICATION,
    HOLDER_STATE,
    HOLDER_SINCE,
};

int lock_log_holder(struct postgres *postgres, const char *key, const char *what, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, key);
    if (postgres_run(postgres, sql_select_lock_holder, &parameters, &result, error))
        return -1;
    if (PQntuples(result) > 0)
        log_line(LEVEL_INFO,
                 "waits for %s, which process %s of PostgreSQL holds (user \"%s\", application \"%s\"): %s since %s",
                 what, PQgetvalue(result, 0, HOLDER_PID), PQgetvalue(result, 0, HOLDER_USER),
                 PQgetvalue(result, 0, HOLDER_APPLICATION), PQgetvalue(result, 0, HOLDER_STATE),
                 PQgetvalue(result, 0, HOLDER_SINCE));
    return 0;
}
