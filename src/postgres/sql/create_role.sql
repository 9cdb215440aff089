-- A role that logs in, and its password; a role of that name that is there already is kept. It belongs to the whole
-- server: its rights in this database are given by grant_*.sql.
DO $$
DECLARE
    role TEXT = current_setting('antenna.role');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', role, current_setting('antenna.verifier'));
END
$$
