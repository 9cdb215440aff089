-- The hours of a range, whether the archive has something of them or not: hour in seconds since the epoch, rows, and
-- whether it is sealed. $1 the first hour, $2 the last.
SELECT extract(EPOCH FROM wanted.hour)::bigint, coalesce(known.rows, 0),
    coalesce(wanted.hour + INTERVAL '1 hour' <= sealed.until, false)::integer
FROM generate_series($1::timestamp, $2::timestamp, INTERVAL '1 hour') AS wanted (hour)
CROSS JOIN antenna.sealed AS sealed
LEFT JOIN antenna.hour AS known USING (hour)
ORDER BY wanted.hour
