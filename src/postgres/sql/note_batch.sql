-- Notes what a batch run has read, and returns when the run before was. $1 the hour; $2 rows and $3 bytes of listed files,
-- $4 rows and $5 bytes of others. The run is as late as its statement: its transaction may have begun before metrics were switched
-- on that it has read.
WITH before AS (
    SELECT batch_at FROM antenna.hour WHERE hour = $1
)
INSERT INTO antenna.hour AS hour
    (hour, files, rows, bytes_total, changed_at, batch_at, batch_rows, batch_bytes, batch_unlisted_rows,
     batch_unlisted_bytes)
SELECT $1, 0, 0, 0, clock_timestamp(), clock_timestamp(), $2::bigint, $3::numeric, $4::bigint, $5::numeric
WHERE $2::bigint + $4::bigint > 0 OR EXISTS (SELECT FROM before) -- an hour of which nothing was ever known stays unknown
ON CONFLICT (hour) DO UPDATE
SET batch_at = excluded.batch_at, batch_rows = excluded.batch_rows, batch_bytes = excluded.batch_bytes,
    batch_unlisted_rows = excluded.batch_unlisted_rows, batch_unlisted_bytes = excluded.batch_unlisted_bytes,
    hourly_pruned_at = NULL
RETURNING (SELECT batch_at FROM before)
