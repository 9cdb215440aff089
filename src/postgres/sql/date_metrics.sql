-- Notes from when on the metrics that were just switched on are whole: from the first window that is not begun. Nobody can
-- count without them any more.
UPDATE antenna.data_set
SET metrics_since = array_replace(
    metrics_since, 'infinity',
    greatest(
        clock_timestamp() AT TIME ZONE 'UTC',
        (SELECT max(date) FROM :"bytes") + INTERVAL '1 second' * window_seconds
    )
)
