-- How many users of an hour have no metadata. $1 the hour.
SELECT count(*)
FROM :"bytes_hourly" AS hourly
WHERE date = $1 AND type = 'user_bytes_total'
    AND NOT EXISTS (SELECT FROM :"user_metadata" AS person WHERE person.id = hourly.id)
