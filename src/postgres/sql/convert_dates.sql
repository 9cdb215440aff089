-- Turns the local dates of a table into UTC. $1 the time zone. Of an hour that its clocks show twice, all becomes the second,
-- standard time. Returns how many rows there were, and, for hours, how many dates no longer begin an hour.
WITH changed AS (
    UPDATE :"table" SET date = date AT TIME ZONE $1 AT TIME ZONE 'UTC' WHERE date IS NOT NULL RETURNING date
)
SELECT count(*), count(*) FILTER (WHERE date <> date_trunc('hour', date)) FROM changed
