-- What dashboards show may be read by antenna_reader. The views read their tables with their owner's rights.
GRANT SELECT ON :"bytes", :"bytes_hourly", :"user_metadata", :"user_quota_limit" TO antenna_reader;
GRANT SELECT ON antenna.hourly, antenna.quota_now, antenna.freshness, antenna.offenders, antenna.hour_state,
    antenna.rejected_count TO antenna_reader;

-- The database, and the schemas of all these. An owner may grant; who does not own them can rely on what PUBLIC may.
DO $$
DECLARE
    name TEXT;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO antenna_reader', current_database());
    IF NOT has_database_privilege('antenna_reader', current_database(), 'CONNECT') THEN
        RAISE insufficient_privilege USING MESSAGE = format('permission denied for database %I', current_database());
    END IF;
    FOR name IN SELECT DISTINCT table_schema FROM information_schema.role_table_grants WHERE grantee = 'antenna_reader'
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO antenna_reader', name);
    END LOOP;
END
$$
