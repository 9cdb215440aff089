-- What the last run of an hour read: bytes of listed files and of others, 0 when no run is noted. $1 the hour.
SELECT least(coalesce(max(batch_bytes), 0), 9223372036854775807)::bigint,
    least(coalesce(max(batch_unlisted_bytes), 0), 9223372036854775807)::bigint
FROM antenna.hour
WHERE hour = $1
