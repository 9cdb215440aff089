#include "postgres/sqlstate.h"

#include <string.h>

#define CHECK_PASSWORD "check jdbc-user and jdbc-password; that of - is from --password-file, PGPASSWORD or ~/.pgpass"
#define CHECK_LOGIN "check jdbc-uri and jdbc-user, and whether pg_hba.conf lets this user log in from this machine"
#define CHECK_DATABASE "check the name of the database in jdbc-uri"
#define CHECK_POOLER "check jdbc-uri, jdbc-user and the configuration of the pooler"
#define CHECK_FUNCTION "correct the function that a trigger, a rule or a default calls"
#define POOL_BY_SESSION "let the pooler pool this database by session, or give PostgreSQL's own address in jdbc-uri"
#define MAX_PHASE SQLSTATE_STATEMENT

/*
 * The first row that fits decides. A code is a prefix: a class or a whole code (PostgreSQL's documentation, appendix
 * A). PgBouncer has one code for nearly all that it says, Supavisor one for everything; their words are always English.
 */
static const struct {
    const char *code;
    const char *words;              /* that the message has; NULL: any */
    enum sqlstate_phase last_phase; /* SQLSTATE_LOGIN: the row is for logins only */
    enum error_code refusal;
    const char *hint;
} kinds[] = {
    /* PgBouncer */
    {"08P01", "authentication failed", SQLSTATE_LOGIN, ANT_LOGIN_REFUSED, CHECK_PASSWORD},
    {"08P01", "auth failed", SQLSTATE_LOGIN, ANT_LOGIN_REFUSED, CHECK_PASSWORD},
    {"08P01", "no such user", SQLSTATE_LOGIN, ANT_LOGIN_REFUSED, CHECK_PASSWORD},
    {"08P01", "login rejected", SQLSTATE_LOGIN, ANT_POOLER_REFUSES, CHECK_POOLER},
    {"08P01", "no such database", SQLSTATE_LOGIN, ANT_DATABASE_MISSING, CHECK_DATABASE},
    {"08P01", "unsupported", SQLSTATE_LOGIN, ANT_POOLER_REFUSES, CHECK_POOLER},
    {"08P01", "SSL required", SQLSTATE_LOGIN, ANT_POSTGRES_CERTIFICATE, "add sslmode=require to jdbc-uri"},
    {"08P01", "config error", SQLSTATE_LOGIN, ANT_POOLER_REFUSES, CHECK_POOLER},
    {"08P01", "too long", SQLSTATE_LOGIN, ANT_POOLER_REFUSES, CHECK_POOLER},
    {"08P01", "connections", SQLSTATE_LOGIN, ANT_POSTGRES_CONNECTIONS, POSTGRES_FIX_CONNECTIONS},
    /* Supavisor, Neon */
    {"XX000", "user not found", SQLSTATE_LOGIN, ANT_LOGIN_REFUSED, CHECK_LOGIN},
    {"XX000", "password authentication failed", SQLSTATE_LOGIN, ANT_LOGIN_REFUSED, CHECK_PASSWORD},
    /* PgCat */
    {"58000", "No pool configured", SQLSTATE_LOGIN, ANT_POOLER_REFUSES, CHECK_POOLER},
    /* PostgreSQL */
    {"08", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},          /* connection */
    {"28P01", NULL, MAX_PHASE, ANT_LOGIN_REFUSED, CHECK_PASSWORD},    /* wrong password */
    {"28", NULL, MAX_PHASE, ANT_LOGIN_REFUSED, CHECK_LOGIN},          /* authorization */
    {"3D000", NULL, MAX_PHASE, ANT_DATABASE_MISSING, CHECK_DATABASE}, /* no such database */
    {"53100", NULL, MAX_PHASE, ANT_POSTGRES_DISK, "free some space on PostgreSQL's disk"},
    {"53300", NULL, MAX_PHASE, ANT_POSTGRES_CONNECTIONS, POSTGRES_FIX_CONNECTIONS},
    {"53400", NULL, MAX_PHASE, ANT_POSTGRES_LIMIT, "raise the limit of PostgreSQL that the message names"},
    {"53", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},    /* resources used up */
    {"57", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},    /* cancelled, shutdown, starting up */
    {"58", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},    /* input/output of the server */
    {"40", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},    /* deadlock, serialization */
    {"55P03", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL}, /* lock time-out */
    {"55006", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL}, /* in use by somebody else */
    {"25006", NULL, MAX_PHASE, ANT_POSTGRES_READ_ONLY, NULL},   /* a standby before its promotion */
    {"72", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},    /* snapshot too old */
    {"HV00N", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL}, /* the server of a foreign table is away */
    {"25P03", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL}, /* idle in a transaction */
    {"25P04", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL}, /* transaction time-out */
    {"3F000", NULL, MAX_PHASE, ANT_TABLE_MISSING, "create the schema, or check the table's name"},
    {"0A000", NULL, SQLSTATE_LOGIN, ANT_DATABASE_ENCODING, "use a database with the encoding UTF8"},
    {"0A000", NULL, MAX_PHASE, ANT_TABLE_UNFIT,
     "check the table's name: a name, or schema.name; a table with rules cannot be written, drop the rule"},
    {"42P05", NULL, MAX_PHASE, ANT_POOLER_MODE, POOL_BY_SESSION}, /* a statement of another client's */
    {"26", NULL, MAX_PHASE, ANT_POOLER_MODE, POOL_BY_SESSION},    /* one that another server has */
    {"34", NULL, MAX_PHASE, ANT_POOLER_MODE, POOL_BY_SESSION},
    {"42P01", NULL, MAX_PHASE, ANT_TABLE_MISSING, "run antenna provision, or check the table's name"},
    {"42501", NULL, MAX_PHASE, ANT_RIGHT_MISSING,
     "use the role that antenna provision makes for this command in this database, or grant the right"},
    {"42", NULL, SQLSTATE_LOGIN, ANT_SESSION_OPTIONS, "check the options in jdbc-uri"},
    {"22", NULL, SQLSTATE_LOGIN, ANT_SESSION_OPTIONS, "check the options in jdbc-uri"},
    {"42", NULL, MAX_PHASE, ANT_TABLE_COLUMNS,
     "check that the tables have the columns and keys that antenna provision gives them"},
    {"22021", NULL, MAX_PHASE, ANT_ROW_REFUSED, "texts must be UTF-8"},
    {"22003", NULL, MAX_PHASE, ANT_ROW_REFUSED, "a sum exceeds BIGINT; reject absurd events with --max-bytes"},
    /* What constraints, partitions, triggers and publications of the operator's refuse. */
    {"23502", NULL, MAX_PHASE, ANT_ROW_REFUSED, "give the column a default, or ALTER COLUMN … DROP NOT NULL"},
    {"23503", NULL, MAX_PHASE, ANT_ROW_REFUSED, "add the row that it refers to, or drop the foreign key"},
    {"23505", NULL, MAX_PHASE, ANT_ROW_REFUSED, "drop the unique index, or correct the rows that it finds equal"},
    {"23514", NULL, MAX_PHASE, ANT_ROW_REFUSED, "create the partition or a DEFAULT one, or drop the check"},
    {"23", NULL, MAX_PHASE, ANT_ROW_REFUSED, "drop the constraint, or change it so that it allows the row"},
    {"21000", NULL, MAX_PHASE, ANT_TABLE_COLLATION,
     "ALTER COLUMN … TYPE TEXT COLLATE \"C\": its collation finds different texts equal"},
    {"22001", NULL, MAX_PHASE, ANT_ROW_REFUSED, "widen the column"},
    {"55000", NULL, SQLSTATE_LOGIN, ANT_POSTGRES_UNAVAILABLE, NULL}, /* ALLOW_CONNECTIONS is off: maintenance */
    {"55000", NULL, MAX_PHASE, ANT_REPLICA_IDENTITY,
     "run antenna doctor; a table that is published needs a replica identity"},
    {"27", NULL, MAX_PHASE, ANT_ROW_REFUSED, "correct the trigger"},
    {"09", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"20", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"2D", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"2F", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"38", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"39", NULL, MAX_PHASE, ANT_ROW_REFUSED, CHECK_FUNCTION},
    {"2B", NULL, MAX_PHASE, ANT_TABLE_IN_USE, "drop the views and keys of yours that depend on it, or alter them"},
    {"54", NULL, MAX_PHASE, ANT_POSTGRES_LIMIT, "drop the index or trigger of yours that exceeds PostgreSQL's limit"},
    {"55P02", NULL, MAX_PHASE, ANT_SESSION_OPTIONS, "check the options in jdbc-uri and the settings of the role"},
    {"F0", NULL, MAX_PHASE, ANT_POSTGRES_DAMAGED, "correct PostgreSQL's configuration files"},
    {"HV", NULL, MAX_PHASE, ANT_ROW_REFUSED, "correct the foreign table and its server"},
    {"44", NULL, MAX_PHASE, ANT_TABLE_UNFIT, "give the name of a table instead of a view"},
    {"P0", NULL, MAX_PHASE, ANT_ROW_REFUSED, "correct the trigger or function that raised it"},
    /* Damaged data, and a damaged index. */
    {"XX001", NULL, MAX_PHASE, ANT_POSTGRES_DAMAGED, "check the disk of PostgreSQL, and restore a backup"},
    {"XX002", NULL, MAX_PHASE, ANT_POSTGRES_DAMAGED, "run REINDEX on the index"},
    /* Internal: a table that somebody alters at this moment, too. */
    {"XX000", NULL, MAX_PHASE, ANT_POSTGRES_UNAVAILABLE, NULL},
};

void sqlstate_judge(enum sqlstate_phase phase, const char *sqlstate, struct error *error)
{
    error->code = phase == SQLSTATE_LOGIN ? ANT_POSTGRES_UNAVAILABLE : ANT_POSTGRES_ANSWER;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (phase > kinds[i].last_phase || strncmp(sqlstate, kinds[i].code, strlen(kinds[i].code)) != 0 ||
            (kinds[i].words && !strstr(error->message, kinds[i].words)))
            continue;
        error->code = kinds[i].refusal;
        if (kinds[i].hint)
            error_hint(error, "%s", kinds[i].hint);
        return;
    }
}

/* Where an SQLSTATE begins in a line: libpq writes "SEVERITY:  SQLSTATE: message", the severity in the server's
 * language. */
static const char *find_in_line(const char *line, size_t size)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *mark = memmem(line, size, ":  ", strlen(":  "));
    const char *code = mark ? mark + strlen(":  ") : NULL;

    if (!code || strspn(code, digits) != SQLSTATE_SIZE - 1 || strncmp(code + SQLSTATE_SIZE - 1, ": ", 2) != 0)
        return NULL;
    return code;
}

const char *sqlstate_find(const char *message, char ret_sqlstate[SQLSTATE_SIZE])
{
    const char *found = NULL;

    for (size_t size; *message; message += size + (message[size] == '\n')) {
        const char *code;

        size = strcspn(message, "\n");
        code = find_in_line(message, size);
        if (!code)
            continue;
        memcpy(ret_sqlstate, code, SQLSTATE_SIZE - 1);
        ret_sqlstate[SQLSTATE_SIZE - 1] = '\0';
        found = message;
    }
    return found;
}
