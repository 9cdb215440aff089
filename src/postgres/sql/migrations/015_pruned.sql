-- What retention has removed of an hour, and when: window totals, files of the archive, hourly totals. `files`, `rows` and
-- `bytes_total` count all that was ever archived; `pruned_files`, `pruned_rows` and `pruned_bytes` of them are no longer on
-- the list. `pruned_events` and `pruned_total_bytes` are those that the removed window totals had.
ALTER TABLE antenna.hour
    ADD COLUMN totals_pruned_at TIMESTAMPTZ,
    ADD COLUMN pruned_events BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pruned_total_bytes NUMERIC NOT NULL DEFAULT 0,
    ADD COLUMN archive_pruned_at TIMESTAMPTZ,
    ADD COLUMN pruned_files BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pruned_rows BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pruned_bytes NUMERIC NOT NULL DEFAULT 0,
    ADD COLUMN hourly_pruned_at TIMESTAMPTZ;
-- When a batch run has added the file's rows to the hourly totals of an hour whose earlier files were removed.
ALTER TABLE antenna.archive_file ADD COLUMN added_at TIMESTAMPTZ;
