-- The files of an hour: path, rows, bytes, size, first and last event time in seconds since the epoch, whether another file
-- replaces it, job and topic, and whether its rows were added to the hourly totals of an hour whose earlier files were
-- removed. $1 the hour.
SELECT path, rows, bytes_total, size, extract(EPOCH FROM min_timestamp)::bigint, extract(EPOCH FROM max_timestamp)::bigint,
    (replaced_by IS NOT NULL)::integer, job, topic, (added_at IS NOT NULL)::integer
FROM antenna.archive_file
WHERE hour = $1
ORDER BY path
