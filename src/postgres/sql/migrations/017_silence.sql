-- After how long without events an antenna is silent, and for how long it is watched after its last event.
ALTER TABLE antenna.data_set
    ADD COLUMN silent_after_seconds INTEGER NOT NULL DEFAULT 1800 CHECK (silent_after_seconds > 0),
    ADD COLUMN active_within_seconds INTEGER NOT NULL DEFAULT 86400,
    ADD CHECK (active_within_seconds > silent_after_seconds);

-- Notices to the operator, of antennas that are silent, have the threshold 0, which no user has: `hour` is then the time since
-- when, `id` the antenna, `revision` 0 that it is silent and 1 that it is back, and `usage` its bytes while it was watched.
ALTER TABLE antenna.notice
    ADD COLUMN kind TEXT NOT NULL GENERATED ALWAYS AS (CASE threshold WHEN 0 THEN 'silence' ELSE 'quota' END) STORED;
CREATE INDEX notice_silence ON antenna.notice (id, hour, revision) WHERE threshold = 0;
