-- Notes that the window totals of an hour were rebuilt. $1 the hour; $2 the rows and $3 the bytes that were read of files that
-- are not listed; $4 all bytes; $5 `added` of antenna.hour_bytes when they were compared, NULL where it had no row.
WITH counted AS (
    INSERT INTO antenna.hour_bytes (hour, earlier, added)
    SELECT $1, $4::bigint - coalesce($5::bigint, 0), coalesce($5::bigint, 0) WHERE $4::bigint > 0 OR $5::bigint IS NOT NULL
    ON CONFLICT (hour) DO UPDATE SET earlier = excluded.earlier
)
INSERT INTO antenna.hour AS hour
    (hour, files, rows, bytes_total, changed_at, rebuilt_at, rebuilt_unlisted_rows, rebuilt_unlisted_bytes)
SELECT $1, 0, 0, 0, clock_timestamp(), clock_timestamp(), $2::bigint, $3::numeric
WHERE $2::bigint > 0 OR EXISTS (SELECT FROM antenna.hour WHERE hour.hour = $1) -- one of which nothing is known stays unknown
ON CONFLICT (hour) DO UPDATE
SET rebuilt_at = excluded.rebuilt_at, rebuilt_unlisted_rows = excluded.rebuilt_unlisted_rows,
    rebuilt_unlisted_bytes = excluded.rebuilt_unlisted_bytes
