-- The schema is one data set: one set of tables and one archive. provision writes the only row.
CREATE TABLE antenna.data_set (
    number            INTEGER     PRIMARY KEY DEFAULT 1 CHECK (number = 1),
    bytes             TEXT        NOT NULL, -- schema and name of each table, quoted as SQL needs it
    bytes_hourly      TEXT        NOT NULL,
    user_metadata     TEXT        NOT NULL,
    user_quota_limit  TEXT        NOT NULL,
    archive_id        UUID        NOT NULL DEFAULT gen_random_uuid(), -- the archive's identity, also in its root
    archive_marked_at TIMESTAMPTZ           -- when a root got the identity; NULL: none has it yet
);

ALTER TABLE antenna.topic
    ADD COLUMN table_name TEXT,                         -- where the job counts, as in data_set; NULL: in its table bytes
    ADD COLUMN archive    BOOLEAN NOT NULL DEFAULT true; -- whether the job archives
