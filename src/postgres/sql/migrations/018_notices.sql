-- A notice to the operator about many antennas at once: of how many; NULL: of one. `id` is then a text that names the first.
ALTER TABLE antenna.notice ADD COLUMN antennas BIGINT CHECK (antennas > 1);

-- The database that this is, also after a failover or an upgrade of its server's minor version: a dump that is restored elsewhere is
-- another. Roles of jobs need no right on pg_control_system(); where its owner has none either, a number in the server must do.
CREATE FUNCTION antenna.this_database() RETURNS TEXT LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    server TEXT := 'unknown';
BEGIN
    BEGIN
        SELECT system_identifier INTO server FROM pg_control_system();
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;
    RETURN server || '/' || (SELECT oid FROM pg_database WHERE datname = current_database());
END
$$;

-- The database whose notices are sent: a copy would send them again.
ALTER TABLE antenna.data_set ADD COLUMN notices_database TEXT NOT NULL DEFAULT antenna.this_database();

-- The events of an hour that commits have counted, NULL where the hour had totals before: some have no bytes. Of hours that an older
-- version has counted they are known when nothing is on its way between the two sides.
ALTER TABLE antenna.hour_bytes ADD COLUMN events BIGINT;
UPDATE antenna.hour_bytes AS counted
SET events = known.rows
FROM antenna.hour AS known
WHERE known.hour = counted.hour AND earlier = 0 AND added = bytes_total AND NOT EXISTS (
    SELECT FROM antenna.progress
    LEFT JOIN antenna.topic AS topic USING (job, topic)
    WHERE totals_offset <> archive_offset AND topic.archive IS NOT FALSE
        AND (table_name IS NULL OR table_name = (SELECT bytes FROM antenna.data_set))
);
