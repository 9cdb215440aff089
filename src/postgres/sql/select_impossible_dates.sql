-- Of the window totals and of the hourly ones: how many rows are dated when no event can be, and the first of these dates. $1 the
-- first possible time, $2 the first impossible one.
SELECT count(*), min(date)::text FROM :"bytes" WHERE date < $1 OR date >= $2
UNION ALL
SELECT count(*), min(date)::text FROM :"bytes_hourly" WHERE date < $1 OR date >= $2
