-- Of the window totals and of the hourly ones: how many rows are dated when no event can be, and the first of these dates. $1 the
-- first possible time, $2 the first impossible one. Rows are counted only where the first or the last date, which the index has,
-- is such a one.
SELECT sum(rows)::bigint, min(first)::text
FROM (
    SELECT count(*) AS rows, min(date) AS first FROM :"bytes" WHERE date < $1 AND (SELECT min(date) FROM :"bytes") < $1
    UNION ALL
    SELECT count(*), min(date) FROM :"bytes" WHERE date >= $2 AND (SELECT max(date) FROM :"bytes") >= $2
) AS speed
UNION ALL
SELECT sum(rows)::bigint, min(first)::text
FROM (
    SELECT count(*) AS rows, min(date) AS first FROM :"bytes_hourly"
    WHERE date < $1 AND (SELECT min(date) FROM :"bytes_hourly") < $1
    UNION ALL
    SELECT count(*), min(date) FROM :"bytes_hourly" WHERE date >= $2 AND (SELECT max(date) FROM :"bytes_hourly") >= $2
) AS hourly
