-- Counts the bytes that a commit has added to the hours of the window totals, after it has added them. Arrays: $1 hours in
-- ascending order, in which all workers lock them, $2 bytes. A row that is new counts what the totals had before. Error
-- 22003 when an hour would exceed BIGINT.
INSERT INTO antenna.hour_bytes AS known (hour, earlier, added)
SELECT delta.hour,
    CASE WHEN NOT EXISTS (SELECT FROM antenna.hour_bytes WHERE hour_bytes.hour = delta.hour) THEN (
        SELECT least(greatest(coalesce(sum(total.value), 0) - delta.bytes, 0), 9223372036854775807)::bigint
        FROM :"table" AS total
        WHERE total.date >= delta.hour AND total.date < delta.hour + INTERVAL '1 hour'
            AND total.type = 'user_bytes_total'
    ) ELSE 0 END,
    delta.bytes
FROM unnest($1::timestamp[], $2::bigint[]) AS delta (hour, bytes)
ORDER BY delta.hour
ON CONFLICT (hour) DO UPDATE SET added = known.added + excluded.added
