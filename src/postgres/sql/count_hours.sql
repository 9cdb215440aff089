-- Counts the bytes and events that a commit has added to the hours of the window totals, after it has added them. Arrays: $1 hours
-- in ascending order, in which all workers lock them, $2 bytes, $3 events, NULL where they are not counted. A row that is new
-- counts the bytes that the totals had before; how many events they had is not known. Error 22003 when an hour would exceed BIGINT.
INSERT INTO antenna.hour_bytes AS known (hour, earlier, added, events)
SELECT hour, earlier, bytes, CASE WHEN earlier = 0 THEN events END
FROM (
    SELECT delta.hour, delta.bytes, delta.events,
        CASE WHEN NOT EXISTS (SELECT FROM antenna.hour_bytes WHERE hour_bytes.hour = delta.hour) THEN (
            SELECT least(greatest(coalesce(sum(total.value), 0) - delta.bytes, 0), 9223372036854775807)::bigint
            FROM :"table" AS total
            WHERE total.date >= delta.hour AND total.date < delta.hour + INTERVAL '1 hour'
                AND total.type = 'user_bytes_total'
        ) ELSE 0 END AS earlier
    FROM unnest($1::timestamp[], $2::bigint[], $3::bigint[]) AS delta (hour, bytes, events)
) AS delta
ORDER BY hour
ON CONFLICT (hour) DO UPDATE SET added = known.added + excluded.added, events = known.events + excluded.events
