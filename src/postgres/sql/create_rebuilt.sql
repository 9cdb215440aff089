-- The window totals of an hour as the archive has them, and those that differ: `value` is what the archive has, NULL for none,
-- and `found` what the table has. Both are the session's own, and are gone when the transaction ends.
CREATE TEMPORARY TABLE antenna_rebuilt (LIKE :"bytes") ON COMMIT DROP;
CREATE TEMPORARY TABLE antenna_difference (LIKE :"bytes") ON COMMIT DROP;
ALTER TABLE antenna_difference ALTER COLUMN value DROP NOT NULL, ADD COLUMN found BIGINT
