-- The users over their quota in one hour: strictly more bytes than allowed by the quota in force when it began. $1 the hour.
WITH hourly_user_bytes AS (
    SELECT id, value, date FROM :"bytes_hourly" WHERE date = $1 AND type = 'user_bytes_total'
), enriched AS (
    SELECT person.email, hourly.value AS usage, person.quota, hourly.date
    FROM hourly_user_bytes AS hourly
    JOIN antenna.user_quota AS person USING (id)
    WHERE valid_from <= hourly.date AND (valid_until <= hourly.date) IS NOT TRUE
)
INSERT INTO :"user_quota_limit" (email, usage, quota, date)
SELECT email, usage, quota, date FROM enriched WHERE usage > quota ORDER BY email
