-- Notes when the metrics that were just switched on are so, and from which window on the window totals have all of them: from
-- the first that is not begun, or from ever where nothing was counted. Nobody can count without them any more. Returns that
-- window when it begins more than a day ahead, as after an event from far in the future; else NULL.
WITH clock AS (
    SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now
), begun AS (
    SELECT clock.now, CASE
        WHEN EXISTS (SELECT FROM :"bytes") OR EXISTS (SELECT FROM antenna.progress WHERE records_totalled > 0)
            THEN greatest(
                clock.now,
                (SELECT max(date) FROM :"bytes")
                    + INTERVAL '1 second' * (SELECT window_seconds FROM antenna.data_set)
            )
        ELSE '2000-01-01' -- no event is earlier
    END AS whole_from
    FROM clock
)
UPDATE antenna.data_set
SET metrics_since = array_replace(metrics_since, 'infinity', begun.now),
    metrics_whole_from = array_replace(metrics_whole_from, 'infinity', begun.whole_from)
FROM begun
RETURNING CASE WHEN whole_from > now + INTERVAL '1 day' THEN to_char(whole_from, 'YYYY-MM-DD HH24:MI:SS') END
