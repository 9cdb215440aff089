-- The same by the quotas that users have now, in place of those in force when the hour began. $1 the hour.
WITH hourly_user_bytes AS (
    SELECT id, value, date FROM :"bytes_hourly" WHERE date = $1 AND type = 'user_bytes_total'
), enriched AS (
    SELECT person.email, hourly.value AS usage, person.quota, hourly.date
    FROM hourly_user_bytes AS hourly
    JOIN :"user_metadata" AS person USING (id)
)
INSERT INTO :"user_quota_limit" (email, usage, quota, date)
SELECT email, usage, quota, date FROM enriched WHERE usage > quota ORDER BY email
