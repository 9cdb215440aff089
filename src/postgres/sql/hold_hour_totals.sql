-- Holds the totals that an hour has, as they are now, for fetch_hour_totals until the transaction ends: in the order of type
-- and id byte by byte. Rows that a rerun of another job has doubled count once, with their largest value. $1 the hour.
DECLARE hour_totals NO SCROLL CURSOR FOR
SELECT coalesce(type, ''), coalesce(id, ''), coalesce(max(value), 0)
FROM :"bytes_hourly"
WHERE date = $1
GROUP BY type, id
ORDER BY coalesce(type, '') COLLATE "C", coalesce(id, '') COLLATE "C"
