-- How many hours are older than what is kept of them, and yet neither clean nor removed: they stay. $1 seconds that are kept after an
-- hour's end.
SELECT count(*)
FROM antenna.hour_state
WHERE state NOT IN ('clean', 'pruned') AND hour + INTERVAL '1 hour' + $1::bigint * INTERVAL '1 second' <= now() AT TIME ZONE 'UTC'
