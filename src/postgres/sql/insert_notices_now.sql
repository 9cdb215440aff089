-- The users who have passed a threshold in the running hour, by the window totals, and were not told. It is batch that has
-- the last word of an hour, once it has run after the hour's end: a clock that was set back does not open it again. A threshold
-- that was stored while the clock was ahead counts from the running hour on.
WITH moved AS (
    UPDATE antenna.notice_threshold SET since = date_trunc('hour', now() AT TIME ZONE 'UTC')
    WHERE since > date_trunc('hour', now() AT TIME ZONE 'UTC')
)
INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, quota)
SELECT date, id, threshold, 0, false, usage, quota
FROM antenna.quota_now
JOIN antenna.notice_threshold ON antenna.passes(usage, quota, threshold)
WHERE NOT EXISTS (SELECT FROM antenna.notice AS known WHERE known.hour = date AND known.id = quota_now.id
        AND known.threshold = notice_threshold.threshold)
    AND NOT EXISTS (SELECT FROM antenna.hour WHERE hour = date AND batch_at AT TIME ZONE 'UTC' >= date + INTERVAL '1 hour')
ON CONFLICT (hour, id, threshold, revision) DO NOTHING
