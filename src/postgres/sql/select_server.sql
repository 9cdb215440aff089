-- What the server and the session are like: version; whether it is a standby, the session only reads and is encrypted;
-- encoding of the database; time zone that sessions begin with; whether fsync is on; connections that are left to an
-- ordinary user, by the limits of server, database and role (who may not know what others' sessions are still sees that
-- they are there); its clock in milliseconds since the epoch.
SELECT current_setting('server_version'), pg_is_in_recovery()::integer,
    (current_setting('transaction_read_only') = 'on')::integer,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)::integer,
    current_setting('server_encoding'),
    (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),
    (current_setting('fsync') = 'on')::integer,
    (
        SELECT least(
            current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
                - coalesce(current_setting('reserved_connections', true)::integer, 0) - count(*),
            (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
                - count(*) FILTER (WHERE datname = current_database()),
            (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
                - count(*) FILTER (WHERE usename = current_user)
        )
        FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usename IS NOT NULL
    ),
    (extract(EPOCH FROM clock_timestamp()) * 1000)::bigint
