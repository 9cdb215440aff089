-- A notice to the operator about many antennas at once: of how many; NULL: of one. `id` is then a text that names the first.
ALTER TABLE antenna.notice ADD COLUMN antennas BIGINT CHECK (antennas > 1);

-- The database that this is, also after a failover or an upgrade of its server's minor version: a dump that is restored elsewhere is
-- another.
CREATE FUNCTION antenna.this_database() RETURNS TEXT LANGUAGE sql STABLE AS $$
    SELECT system_identifier || '/' || oid FROM pg_control_system(), pg_database WHERE datname = current_database()
$$;

-- The database whose notices are sent: a copy would send them again.
ALTER TABLE antenna.data_set ADD COLUMN notices_database TEXT NOT NULL DEFAULT antenna.this_database();
