-- Lists new files and adds them to their hours. $1 job, $2 topic; arrays, sorted by hour: $3 path, $4 hour, $5 rows,
-- $6 sum of bytes, $7 first and $8 last event time, $9 size, $10 offsets as JSON.
WITH file AS (
    SELECT *
    FROM unnest($3::text[], $4::timestamp[], $5::bigint[], $6::bigint[], $7::timestamp[], $8::timestamp[], $9::bigint[],
                $10::text[]) AS file (path, hour, rows, bytes, first, last, size, offsets)
), listed AS (
    INSERT INTO antenna.archive_file
        (path, hour, rows, bytes_total, min_timestamp, max_timestamp, size, job, topic, offsets)
    SELECT path, hour, rows, bytes, first, last, size, $1, $2, offsets::jsonb FROM file
)
INSERT INTO antenna.hour AS total (hour, files, rows, bytes_total, changed_at)
SELECT hour, count(*), sum(rows), sum(bytes), clock_timestamp() FROM file GROUP BY hour ORDER BY hour
ON CONFLICT (hour) DO UPDATE
SET files = total.files + excluded.files, rows = total.rows + excluded.rows,
    bytes_total = total.bytes_total + excluded.bytes_total, changed_at = excluded.changed_at
