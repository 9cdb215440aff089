-- Of an hour's users: how many have no metadata, how many are over the quota in force when the hour began, and how many the
-- table of these has. $1 the hour.
SELECT count(*) FILTER (WHERE person.id IS NULL), count(*) FILTER (WHERE value > quota),
    (SELECT count(*) FROM :"user_quota_limit" WHERE date = $1)
FROM :"bytes_hourly" AS hourly
LEFT JOIN antenna.user_quota AS person
    ON person.id = hourly.id AND valid_from <= date AND (valid_until <= date) IS NOT TRUE
WHERE date = $1 AND type = 'user_bytes_total'
