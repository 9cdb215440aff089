-- The hours that would exceed BIGINT by what a commit adds, as seconds since the Unix epoch, with the bytes that each has.
-- Arrays: $1 hours, $2 bytes to be added. An operator may have changed the totals: the largest sum counts.
SELECT extract(epoch FROM delta.hour)::bigint, least(known.bytes, 9223372036854775807)::bigint
FROM unnest($1::timestamp[], $2::bigint[]) AS delta (hour, bytes)
CROSS JOIN LATERAL (
    SELECT max(sums.bytes) AS bytes
    FROM (
        SELECT earlier + added::numeric AS bytes FROM antenna.hour_bytes WHERE hour_bytes.hour = delta.hour
        UNION ALL
        SELECT sum(total.value)
        FROM :"table" AS total
        WHERE total.date >= delta.hour AND total.date < delta.hour + INTERVAL '1 hour'
        GROUP BY total.type
    ) AS sums
) AS known
WHERE known.bytes + delta.bytes > 9223372036854775807
