-- The database, and the schemas of all tables and views on which a role has rights. An owner may grant; who does not own
-- them can rely on what PUBLIC may.
DO $$
DECLARE
    role TEXT = current_setting('antenna.role');
    name TEXT;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    IF NOT has_database_privilege(role, current_database(), 'CONNECT') THEN
        RAISE insufficient_privilege USING MESSAGE = format('permission denied for database %I', current_database());
    END IF;
    IF role = 'antenna_batch' THEN -- rebuild compares totals in tables of its session
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), role);
    END IF;
    FOR name IN SELECT DISTINCT table_schema FROM information_schema.role_table_grants WHERE grantee = role
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', name, role);
    END LOOP;
END
$$
