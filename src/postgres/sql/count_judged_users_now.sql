-- The same by the quotas that users have now. $1 the hour.
SELECT count(*) FILTER (WHERE known IS NULL), count(*) FILTER (WHERE value > quota),
    (SELECT count(*) FROM :"user_quota_limit" WHERE date = $1)
FROM :"bytes_hourly" AS hourly
LEFT JOIN (SELECT id, quota, true AS known FROM :"user_metadata") AS person USING (id)
WHERE date = $1 AND type = 'user_bytes_total'
