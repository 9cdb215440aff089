-- Removes the hourly totals and the users over quota of an hour. $1 the hour. Returns how many there were.
WITH totals AS (
    DELETE FROM :"bytes_hourly" WHERE date = $1 RETURNING 1
), users_over_quota AS (
    DELETE FROM :"user_quota_limit" WHERE date = $1 RETURNING 1
), noted AS (
    UPDATE antenna.hour SET hourly_pruned_at = clock_timestamp() WHERE hour = $1
)
SELECT (SELECT count(*) FROM totals), (SELECT count(*) FROM users_over_quota)
