/* postgres/sqlstate: what each error of PostgreSQL and of poolers asks of us. */
#include "postgres/sqlstate.h"

#include "unit.h"

static const struct {
    enum sqlstate_phase phase;
    const char *code;
    const char *message;
    enum error_code refusal;
} rows[] = {
    {SQLSTATE_STATEMENT, "08006", "connection failure", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53100", "could not extend file", ANT_POSTGRES_DISK},
    {SQLSTATE_STATEMENT, "53200", "out of memory", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53300", "too many connections", ANT_POSTGRES_CONNECTIONS},
    {SQLSTATE_STATEMENT, "53400", "temporary file size exceeds temp_file_limit", ANT_POSTGRES_LIMIT},
    {SQLSTATE_STATEMENT, "57P01", "terminating connection due to administrator command", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P02", "crash of another server process", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P03", "the database system is shutting down", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P05", "terminating connection due to idle-session timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57014", "canceling statement due to user request", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25P03", "idle-in-transaction timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25P04", "transaction timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25006", "read-only transaction", ANT_POSTGRES_READ_ONLY},
    {SQLSTATE_STATEMENT, "40001", "could not serialize access", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "40P01", "deadlock detected", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "55P03", "lock timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "55006", "in use", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58030", "input/output error", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58000", "PgCat has no server", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "XX000", "tuple concurrently updated", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "XX001", "invalid page in block 7", ANT_POSTGRES_DAMAGED},
    {SQLSTATE_STATEMENT, "XX002", "index is corrupted", ANT_POSTGRES_DAMAGED},
    {SQLSTATE_STATEMENT, "42501", "permission denied", ANT_RIGHT_MISSING},
    {SQLSTATE_STATEMENT, "42P01", "no such table", ANT_TABLE_MISSING},
    {SQLSTATE_STATEMENT, "22012", "division by zero", ANT_POSTGRES_ANSWER},
    {SQLSTATE_LOGIN, "57P03", "das Datenbanksystem startet", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "53300", "tut mir leid, schon zu viele Verbindungen", ANT_POSTGRES_CONNECTIONS},
    {SQLSTATE_LOGIN, "55000", "database is not currently accepting connections", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "99ABC", "a code that nobody knows", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "28P01", "Passwort-Authentifizierung fehlgeschlagen", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "28000", "no pg_hba.conf entry", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "3D000", "Datenbank existiert nicht", ANT_DATABASE_MISSING},
    {SQLSTATE_LOGIN, "42501", "permission denied for database", ANT_RIGHT_MISSING},
    {SQLSTATE_LOGIN, "42704", "unrecognized configuration parameter", ANT_SESSION_OPTIONS},
    {SQLSTATE_LOGIN, "22023", "invalid value for parameter", ANT_SESSION_OPTIONS},
    {SQLSTATE_LOGIN, "08P01", "no more connections allowed (max_client_conn)", ANT_POSTGRES_CONNECTIONS},
    {SQLSTATE_LOGIN, "08P01", "client connections exceeded (max_user_client_connections)", ANT_POSTGRES_CONNECTIONS},
    {SQLSTATE_LOGIN, "08P01", "pgbouncer cannot connect to server", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "query_wait_timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "password authentication failed", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "08P01", "SASL authentication failed", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "08P01", "no such user", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "08P01", "no such database: x", ANT_DATABASE_MISSING},
    {SQLSTATE_LOGIN, "08P01", "unsupported startup parameter: options", ANT_POOLER_REFUSES},
    {SQLSTATE_LOGIN, "XX000", "Max client connections reached", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "XX000", "Tenant or user not found", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "53400", "configuration_limit_exceeded", ANT_POSTGRES_LIMIT},
    {SQLSTATE_LOGIN, "58P01", "a library of session_preload_libraries", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "72000", "snapshot_too_old", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "57000", "Pgpool-II: operator_intervention", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "57P01", "RDS Proxy: terminated", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "28000", "RDS: PAM authentication failed", ANT_LOGIN_REFUSED},
    {SQLSTATE_LOGIN, "08006", "Odyssey: failed to get remote server", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "3D000", "Odyssey: route for 'x.y' is not found", ANT_DATABASE_MISSING},
    {SQLSTATE_LOGIN, "58000", "PgCat: AllServersDown", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "58000", "No pool configured for database", ANT_POOLER_REFUSES},
    {SQLSTATE_LOGIN, "08P01", "server login failed: FATAL the database system is starting up",
     ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "server_login_retry", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "client_login_timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "the database is being shut down (pgbouncer)", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_LOGIN, "XX000", "Couldn't connect to compute node", ANT_POSTGRES_UNAVAILABLE},
    /* The classes of PostgreSQL's appendix A. */
    {SQLSTATE_STATEMENT, "03000", "sql_statement_not_yet_complete", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "08P01", "PgBouncer: query_wait_timeout", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08P01", "PgBouncer: server conn crashed?", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08001", "could not connect to the server of a foreign table", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08S01", "Odyssey: failed to get remote server", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "09000", "triggered_action_exception", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "0A000", "feature_not_supported", ANT_TABLE_UNFIT},
    {SQLSTATE_STATEMENT, "0B000", "invalid_transaction_initiation", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "0F001", "invalid_locator_specification", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "0L000", "invalid_grantor", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "0P000", "invalid_role_specification", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "0Z002", "stacked_diagnostics_accessed_without_active_handler", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "10608", "invalid_argument_for_xquery", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "20000", "case_not_found", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "21000", "cardinality_violation", ANT_TABLE_COLLATION},
    {SQLSTATE_STATEMENT, "22001", "string_data_right_truncation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "22003", "numeric_value_out_of_range", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "22021", "character_not_in_repertoire", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "22P02", "invalid_text_representation", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "23001", "restrict_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "23502", "not_null_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "23503", "foreign_key_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "23505", "unique_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "23514", "check_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "23P01", "exclusion_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "24000", "invalid_cursor_state", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "25001", "active_sql_transaction", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "25P01", "no_active_sql_transaction", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "25P02", "in_failed_sql_transaction", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "26000", "invalid_sql_statement_name", ANT_POOLER_MODE},
    {SQLSTATE_STATEMENT, "27000", "triggered_data_change_violation", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "28000", "invalid_authorization_specification", ANT_LOGIN_REFUSED},
    {SQLSTATE_STATEMENT, "2BP01", "dependent_objects_still_exist", ANT_TABLE_IN_USE},
    {SQLSTATE_STATEMENT, "2D000", "invalid_transaction_termination", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "2F003", "prohibited_sql_statement_attempted", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "34000", "invalid_cursor_name", ANT_POOLER_MODE},
    {SQLSTATE_STATEMENT, "38002", "modifying_sql_data_not_permitted", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "39P01", "trigger_protocol_violated", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "3B001", "invalid_savepoint_specification", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "3D000", "invalid_catalog_name", ANT_DATABASE_MISSING},
    {SQLSTATE_STATEMENT, "3F000", "invalid_schema_name", ANT_TABLE_MISSING},
    {SQLSTATE_STATEMENT, "40003", "statement_completion_unknown", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "42601", "syntax_error", ANT_TABLE_COLUMNS},
    {SQLSTATE_STATEMENT, "42703", "undefined_column", ANT_TABLE_COLUMNS},
    {SQLSTATE_STATEMENT, "42P05", "prepared statement already exists", ANT_POOLER_MODE},
    {SQLSTATE_STATEMENT, "44000", "with_check_option_violation", ANT_TABLE_UNFIT},
    {SQLSTATE_STATEMENT, "53000", "insufficient_resources", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "54000", "program_limit_exceeded: index row size exceeds btree maximum", ANT_POSTGRES_LIMIT},
    {SQLSTATE_STATEMENT, "54001", "statement_too_complex: stack depth", ANT_POSTGRES_LIMIT},
    {SQLSTATE_STATEMENT, "55000", "object_not_in_prerequisite_state", ANT_REPLICA_IDENTITY},
    {SQLSTATE_STATEMENT, "55P02", "cant_change_runtime_param", ANT_SESSION_OPTIONS},
    {SQLSTATE_STATEMENT, "55P04", "unsafe_new_enum_value_usage", ANT_POSTGRES_ANSWER},
    {SQLSTATE_STATEMENT, "57000", "Pgpool-II: operator_intervention", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P04", "database_dropped", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58P01", "undefined_file", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "72000", "snapshot_too_old", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "F0000", "config_file_error", ANT_POSTGRES_DAMAGED},
    {SQLSTATE_STATEMENT, "HV00N", "fdw_unable_to_establish_connection", ANT_POSTGRES_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "HV000", "fdw_error", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "P0001", "raise_exception", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "P0004", "assert_failure", ANT_ROW_REFUSED},
    {SQLSTATE_STATEMENT, "99ABC", "a code that nobody knows", ANT_POSTGRES_ANSWER},
};

static void test_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct error error;

        error_set(&error, ANT_DEFECT, "%s", rows[i].message);
        sqlstate_judge(rows[i].phase, rows[i].code, &error);
        if (error.code != rows[i].refusal)
            fail_msg("%s \"%s\" has code %s instead of %s", rows[i].code, rows[i].message,
                     error_code_table[error.code].code, error_code_table[rows[i].refusal].code);
        if (rows[i].phase == SQLSTATE_LOGIN && error_kind(&error) == ERROR_CONFIGURATION)
            assert_string_not_equal(error.hint, "");
    }
}

static const struct {
    const char *message;
    const char *code; /* NULL: none */
    const char *line; /* how the line that has it begins */
} messages[] = {
    {"", NULL, NULL},
    {"connection refused\n", NULL, NULL},
    {"server failed: FATAL:  the database system is starting up\n", NULL, NULL},
    {"server failed: FATAL:  57P03: starting\nLOCATION:  main, postmaster.c:7\n", "57P03", "server failed"},
    {"host a failed: refused\nhost b failed: \xd0\x92\xd0\x90:  53300: \xd0\x92\nLOCATION:  x\n", "53300", "host b"},
    {"host a failed: FATAL:  57P03: x\nhost b failed: FATAL:  28P01: y\n", "28P01", "host b"},
    {"failed: FATAL:  28000: role \"x:  57P03: \" is not permitted\n", "28000", "failed"},
    {"failed: FATAL:  57p03: small letters", NULL, NULL},
    {"failed: FATAL:  57P03", NULL, NULL},
};

static void test_code_of_a_failed_login(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
        char code[SQLSTATE_SIZE];
        const char *line = sqlstate_find(messages[i].message, code);

        if (!messages[i].code) {
            assert_null(line);
            continue;
        }
        assert_non_null(line);
        assert_string_equal(code, messages[i].code);
        assert_int_equal(strncmp(line, messages[i].line, strlen(messages[i].line)), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_code_of_a_failed_login),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
