-- How many totals a table has of an hour, 0 when they are not those that were written. $1 the hour, $2 how many kinds of
-- totals add up bytes, $3 the hour's bytes, which each of them has, $4 how many kinds count events, $5 the hour's events.
SELECT CASE WHEN coalesce(sum(value), 0) = $2::numeric * $3::bigint + $4::numeric * $5::bigint THEN count(*) ELSE 0 END
FROM :"table" WHERE date = $1
