-- The hours of a range that are sealed, and new or dirty, with the columns of select_hours. $1 the first hour, $2 the last;
-- $3 whether also those are wanted that are held because a batch run read files that are not listed, too.
SELECT extract(EPOCH FROM hour)::bigint, rows, 1
FROM antenna.hour_state
WHERE (state IN ('new', 'dirty') OR $3::boolean AND state = 'held' AND batch_at IS NOT NULL) AND hour BETWEEN $1 AND $2
ORDER BY hour
