-- Which process of PostgreSQL answers: its id, and with the time of its start what no other process has; and the version of
-- the server as number and text, for which a pooler may have another word at the login. It is asked before a session may
-- set anything that would stay in a pooler's pool: the limits of a role or database that could end it are lifted for this
-- transaction alone.
SET LOCAL statement_timeout TO 0;
SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) <> '0';
SELECT pid, pid || '/' || extract(EPOCH FROM backend_start), current_setting('server_version_num'),
    current_setting('server_version')
FROM pg_stat_activity WHERE pid = pg_backend_pid()
