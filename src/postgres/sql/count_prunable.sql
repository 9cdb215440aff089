-- What would be removed of an hour: files, their rows and size, window totals, hourly totals, users over quota. $1 the hour, $2 to
-- $4 whether window totals, files and hourly totals are.
SELECT listed.files, coalesce(listed.rows, 0), coalesce(listed.size, 0),
    CASE WHEN $2::boolean THEN (
        SELECT count(*) FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour'
    ) ELSE 0 END,
    CASE WHEN $4::boolean THEN (SELECT count(*) FROM :"bytes_hourly" WHERE date = $1) ELSE 0 END,
    CASE WHEN $4::boolean THEN (SELECT count(*) FROM :"user_quota_limit" WHERE date = $1) ELSE 0 END
FROM (
    SELECT count(*) AS files, sum(rows)::bigint AS rows, sum(size)::bigint AS size
    FROM antenna.archive_file WHERE hour = $1 AND replaced_by IS NULL AND $3::boolean
) AS listed
