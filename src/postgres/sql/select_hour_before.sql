-- What the tables of the batch layer have of an hour: bytes of the label with the most, rows, users over their quota. Rows
-- that a rerun of another job has doubled count once, with their largest value. $1 the hour.
SELECT least(coalesce(max(bytes), 0), 9223372036854775807)::bigint, coalesce(sum(rows), 0)::bigint,
    (SELECT count(*) FROM :"user_quota_limit" WHERE date = $1)
FROM (
    SELECT sum(value) AS bytes, count(*) AS rows
    FROM (SELECT type, max(value) AS value FROM :"bytes_hourly" WHERE date = $1 GROUP BY type, id) AS total
    GROUP BY type
) AS label
