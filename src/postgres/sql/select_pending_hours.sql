-- The hours of a range that are sealed, and new or dirty, with the columns of select_hours. $1 the first hour, $2 the last.
SELECT extract(EPOCH FROM hour)::bigint, rows, 1
FROM antenna.hour_state
WHERE state IN ('new', 'dirty') AND hour BETWEEN $1 AND $2
ORDER BY hour
