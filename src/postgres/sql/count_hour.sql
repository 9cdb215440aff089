-- How many totals a table has of an hour, 0 when they are not those that were written. $1 the hour, $2 its bytes, which each
-- of the three kinds of totals has.
SELECT CASE WHEN coalesce(sum(value), 0) = 3 * $2::numeric THEN count(*) ELSE 0 END FROM :"table" WHERE date = $1
