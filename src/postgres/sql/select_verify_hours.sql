-- The hours of a range of which anything is known: to the archive's list, the window totals or the hourly ones, or that
-- are in $3, the hours whose folders have files; in seconds since the epoch, with rows and whether it is sealed as in
-- select_hours. $1 the first hour, $2 the last.
WITH RECURSIVE speed_hour (hour) AS ( -- one look into the index for each hour
    SELECT date_trunc('hour', min(date)) FROM :"bytes" WHERE date >= $1 AND date < $2 + INTERVAL '1 hour'
    UNION ALL
    SELECT (
        SELECT date_trunc('hour', min(date)) FROM :"bytes"
        WHERE date >= hour + INTERVAL '1 hour' AND date < $2 + INTERVAL '1 hour'
    )
    FROM speed_hour
    WHERE hour IS NOT NULL
), batch_hour (hour) AS (
    SELECT min(date) FROM :"bytes_hourly" WHERE date BETWEEN $1 AND $2
    UNION ALL
    SELECT (SELECT min(date) FROM :"bytes_hourly" WHERE date > hour AND date <= $2) FROM batch_hour WHERE hour IS NOT NULL
), every (hour) AS (
    SELECT hour FROM antenna.hour
    UNION SELECT hour FROM speed_hour
    UNION SELECT hour FROM batch_hour
    UNION SELECT unnest($3::timestamp[])
)
SELECT extract(EPOCH FROM every.hour)::bigint, coalesce(known.rows, 0),
    coalesce(every.hour + INTERVAL '1 hour' <= sealed.until, false)::integer
FROM every
CROSS JOIN antenna.sealed AS sealed
LEFT JOIN antenna.hour AS known USING (hour)
WHERE every.hour BETWEEN $1 AND $2
ORDER BY every.hour
