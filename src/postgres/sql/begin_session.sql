-- Run on every new connection. A role or a database may have settings of its own (ALTER ROLE ... SET), of which any could
-- stop a job or change a number: a session sets all that it relies on, where it differs. Settings that this version of
-- PostgreSQL lacks are left out. One that only a superuser may reset ends the command with its name. Left as they are:
-- default_transaction_read_only, by which operators and providers protect a database; role; and what changes plans and
-- places only.
SET statement_timeout TO 0; -- first and alone: it could end the next statement
SELECT set_config(name, value, false)
FROM (
    VALUES
        -- Work takes as long as it takes; what freezes is found by the limits below and by limit_idle_time.
        ('transaction_timeout', '0'),
        ('lock_timeout', '0'),
        ('idle_session_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'),
        -- A client that vanishes without a word is noticed within half a minute, and what it has locked is free again.
        ('tcp_keepalives_idle', '10'),
        ('tcp_keepalives_interval', '5'),
        ('tcp_keepalives_count', '4'),
        ('tcp_user_timeout', '0'),
        -- One that closes the connection while its statement runs or waits for a lock: the same. Other systems refuse it.
        ('client_connection_check_interval', CASE WHEN version() ~ 'linux' THEN '5s' END),
        ('default_transaction_isolation', 'read committed'),
        ('default_transaction_deferrable', 'off'),
        ('exit_on_error', 'off'),
        -- A confirmed commit outlives a crash of the server. A stricter setting stays.
        ('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'local')),
        -- Texts of dates, of which keys of locks are made, are the same for everybody, and dates are UTC.
        ('TimeZone', 'UTC'),
        ('DateStyle', 'ISO, MDY'),
        ('IntervalStyle', 'postgres'),
        ('client_encoding', 'UTF8'),
        ('bytea_output', 'hex'),
        ('extra_float_digits', '1'),
        -- What statements mean.
        ('quote_all_identifiers', 'off'),
        ('standard_conforming_strings', 'on'),
        ('array_nulls', 'on'),
        ('transform_null_equals', 'off'),
        ('restrict_nonsystem_relation_kind', ''),
        ('default_table_access_method', 'heap'),
        -- Rows and triggers are what they are for everybody.
        ('session_replication_role', 'origin'),
        ('row_security', 'off'), -- a policy that would hide rows is an error
        ('zero_damaged_pages', 'off'),
        ('ignore_checksum_failure', 'off'),
        ('client_min_messages', 'warning'),
        -- Statements that take milliseconds were compiled for seconds where inheritance misleads the planner's estimates.
        ('jit', 'off')
) AS wanted (name, value)
WHERE current_setting(name, true) <> value;
-- Tables are never looked for, nor made, in the schema of our own bookkeeping, which the default search path would do for
-- a user called antenna. Functions are those of pg_catalog: where the path does not name it, it comes first.
SELECT set_config('search_path', coalesce(string_agg(quote_ident(name), ', ' ORDER BY place), ''), false)
FROM unnest(current_schemas(false)) WITH ORDINALITY AS searched (name, place)
WHERE name NOT IN ('antenna', 'pg_catalog')
