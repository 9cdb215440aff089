-- The role that dashboards log in as, and its password; a role of that name that is there already is kept. It belongs to
-- the whole server: its rights in this database are given by grant_reader.sql.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'antenna_reader') THEN
        CREATE ROLE antenna_reader;
        ALTER ROLE antenna_reader SET default_transaction_read_only TO on;
    END IF;
    EXECUTE format('ALTER ROLE antenna_reader LOGIN PASSWORD %L', current_setting('antenna.reader_verifier'));
END
$$
