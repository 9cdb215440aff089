-- When the window totals of an hour were rebuilt from the archive last, and what was read for them besides of files that are
-- not listed.
ALTER TABLE antenna.hour
    ADD COLUMN rebuilt_at TIMESTAMPTZ,
    ADD COLUMN rebuilt_unlisted_rows BIGINT,
    ADD COLUMN rebuilt_unlisted_bytes NUMERIC;
