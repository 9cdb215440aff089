-- The hours that have something to remove: the hour in seconds since the epoch, and whether its window totals, its files and
-- its hourly totals are old enough and there. They are clean, or their hourly totals were removed before. $1 to $3 how many
-- seconds each is kept after the hour's end, NULL: for ever; $4 one hour, or NULL for all.
WITH kept (totals, archive, hourly) AS (
    SELECT $1::bigint, $2::bigint, $3::bigint
), old AS (
    SELECT known.*, extract(EPOCH FROM now() AT TIME ZONE 'UTC' - known.hour)::bigint - 3600 AS age
    FROM antenna.hour AS known
    JOIN antenna.hour_state AS state USING (hour)
    WHERE state.state IN ('clean', 'pruned') AND ($4::timestamp IS NULL OR hour = $4)
), wanted AS (
    SELECT hour,
        coalesce(
            age >= kept.totals
                AND (totals_pruned_at IS NULL OR rows + coalesce(rebuilt_unlisted_rows, 0) > pruned_events), false
        ) AS totals,
        coalesce(age >= kept.archive AND rows > pruned_rows, false) AS archive,
        coalesce(age >= kept.hourly AND hourly_pruned_at IS NULL, false) AS hourly
    FROM old CROSS JOIN kept
)
SELECT extract(EPOCH FROM hour)::bigint, totals::integer, archive::integer, hourly::integer
FROM wanted
WHERE totals OR archive OR hourly
ORDER BY hour
