-- Each total of an hour by both layers, in the order of type and id: type, id, the hourly total and the window totals
-- summed up, NULL where there is none. $1 the hour.
SELECT type, id, batch.value, speed.value
FROM (
    SELECT type, id, sum(value) AS value
    FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour' GROUP BY type, id
) AS speed
FULL JOIN (
    SELECT type, id, value FROM :"bytes_hourly" WHERE date = $1
) AS batch USING (type, id)
ORDER BY type COLLATE "C", id COLLATE "C"
