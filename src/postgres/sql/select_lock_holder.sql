-- Who holds an advisory lock of this database: process, user, application, what it does and since when, as far as our
-- user may know. $1 the text whose hash is the key.
SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(state, 'in a state that this user may not see'),
    coalesce(date_trunc('second', coalesce(state_change, backend_start))::text, 'an unknown time')
FROM (SELECT hashtextextended($1, 0) AS key) AS wanted, pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::bigint = (key >> 32) & 4294967295 AND objid::bigint = key & 4294967295
LIMIT 1
