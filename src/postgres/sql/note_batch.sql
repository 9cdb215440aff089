-- Notes what a batch run has read, and tells whether there was one before. $1 the hour, $2 rows, $3 sum of bytes.
UPDATE antenna.hour AS hour
SET batch_at = now(), batch_rows = $2::bigint, batch_bytes = $3::numeric
FROM (SELECT hour, batch_at FROM antenna.hour WHERE hour = $1 FOR UPDATE) AS before
WHERE hour.hour = before.hour
RETURNING before.batch_at
