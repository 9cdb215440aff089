/* postgres/sqlstate: what each error of PostgreSQL and of poolers asks of us. */
#include "postgres/sqlstate.h"

#include "unit.h"

static const struct {
    enum sqlstate_phase phase;
    const char *code;
    const char *message;
    enum error_kind kind;
} rows[] = {
    {SQLSTATE_STATEMENT, "08006", "connection failure", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53100", "could not extend file", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53200", "out of memory", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53300", "too many connections", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "53400", "temporary file size exceeds temp_file_limit", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "57P01", "terminating connection due to administrator command", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P02", "crash of another server process", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P03", "the database system is shutting down", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P05", "terminating connection due to idle-session timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57014", "canceling statement due to user request", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25P03", "idle-in-transaction timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25P04", "transaction timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "25006", "read-only transaction", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "40001", "could not serialize access", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "40P01", "deadlock detected", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "55P03", "lock timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "55006", "in use", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58030", "input/output error", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58000", "PgCat has no server", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "XX000", "tuple concurrently updated", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "XX001", "invalid page in block 7", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "XX002", "index is corrupted", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "42501", "permission denied", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "42P01", "no such table", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "22012", "division by zero", ERROR_FAILED},
    {SQLSTATE_LOGIN, "57P03", "das Datenbanksystem startet", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "53300", "tut mir leid, schon zu viele Verbindungen", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "55000", "database is not currently accepting connections", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "99ABC", "a code that nobody knows", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "28P01", "Passwort-Authentifizierung fehlgeschlagen", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "28000", "no pg_hba.conf entry", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "3D000", "Datenbank existiert nicht", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "42501", "permission denied for database", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "42704", "unrecognized configuration parameter", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "22023", "invalid value for parameter", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "no more connections allowed (max_client_conn)", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "client connections exceeded (max_user_client_connections)", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "pgbouncer cannot connect to server", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "query_wait_timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "password authentication failed", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "SASL authentication failed", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "no such user", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "no such database: x", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "unsupported startup parameter: options", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "XX000", "Max client connections reached", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "XX000", "Tenant or user not found", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "53400", "configuration_limit_exceeded", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "58P01", "a library of session_preload_libraries", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "72000", "snapshot_too_old", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "57000", "Pgpool-II: operator_intervention", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "57P01", "RDS Proxy: terminated", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "28000", "RDS: PAM authentication failed", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08006", "Odyssey: failed to get remote server", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "3D000", "Odyssey: route for 'x.y' is not found", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "58000", "PgCat: AllServersDown", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "58000", "No pool configured for database", ERROR_CONFIGURATION},
    {SQLSTATE_LOGIN, "08P01", "server login failed: FATAL the database system is starting up", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "server_login_retry", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "client_login_timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "08P01", "the database is being shut down (pgbouncer)", ERROR_UNAVAILABLE},
    {SQLSTATE_LOGIN, "XX000", "Couldn't connect to compute node", ERROR_UNAVAILABLE},
    /* The classes of PostgreSQL's appendix A. */
    {SQLSTATE_STATEMENT, "03000", "sql_statement_not_yet_complete", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "08P01", "PgBouncer: query_wait_timeout", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08P01", "PgBouncer: server conn crashed?", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08001", "could not connect to the server of a foreign table", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "08S01", "Odyssey: failed to get remote server", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "09000", "triggered_action_exception", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "0A000", "feature_not_supported", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "0B000", "invalid_transaction_initiation", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "0F001", "invalid_locator_specification", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "0L000", "invalid_grantor", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "0P000", "invalid_role_specification", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "0Z002", "stacked_diagnostics_accessed_without_active_handler", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "10608", "invalid_argument_for_xquery", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "20000", "case_not_found", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "21000", "cardinality_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "22001", "string_data_right_truncation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "22003", "numeric_value_out_of_range", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "22021", "character_not_in_repertoire", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "22P02", "invalid_text_representation", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "23001", "restrict_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "23502", "not_null_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "23503", "foreign_key_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "23505", "unique_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "23514", "check_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "23P01", "exclusion_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "24000", "invalid_cursor_state", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "25001", "active_sql_transaction", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "25P01", "no_active_sql_transaction", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "25P02", "in_failed_sql_transaction", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "26000", "invalid_sql_statement_name", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "27000", "triggered_data_change_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "28000", "invalid_authorization_specification", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "2BP01", "dependent_objects_still_exist", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "2D000", "invalid_transaction_termination", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "2F003", "prohibited_sql_statement_attempted", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "34000", "invalid_cursor_name", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "38002", "modifying_sql_data_not_permitted", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "39P01", "trigger_protocol_violated", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "3B001", "invalid_savepoint_specification", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "3D000", "invalid_catalog_name", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "3F000", "invalid_schema_name", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "40003", "statement_completion_unknown", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "42601", "syntax_error", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "42703", "undefined_column", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "42P05", "prepared statement already exists", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "44000", "with_check_option_violation", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "53000", "insufficient_resources", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "54000", "program_limit_exceeded: index row size exceeds btree maximum", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "54001", "statement_too_complex: stack depth", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "55000", "object_not_in_prerequisite_state", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "55P02", "cant_change_runtime_param", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "55P04", "unsafe_new_enum_value_usage", ERROR_FAILED},
    {SQLSTATE_STATEMENT, "57000", "Pgpool-II: operator_intervention", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "57P04", "database_dropped", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "58P01", "undefined_file", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "72000", "snapshot_too_old", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "F0000", "config_file_error", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "HV00N", "fdw_unable_to_establish_connection", ERROR_UNAVAILABLE},
    {SQLSTATE_STATEMENT, "HV000", "fdw_error", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "P0001", "raise_exception", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "P0004", "assert_failure", ERROR_CONFIGURATION},
    {SQLSTATE_STATEMENT, "99ABC", "a code that nobody knows", ERROR_FAILED},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct error error;

        error_set(&error, ERROR_FAILED, "%s", rows[i].message);
        sqlstate_judge(rows[i].phase, rows[i].code, &error);
        if (error.kind != rows[i].kind)
            fail_msg("%s \"%s\" has kind %d instead of %d", rows[i].code, rows[i].message, (int)error.kind,
                     (int)rows[i].kind);
        if (rows[i].phase == SQLSTATE_LOGIN && rows[i].kind == ERROR_CONFIGURATION)
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
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_code_of_a_failed_login),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
