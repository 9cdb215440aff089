-- As select_pruned, and keeps the hour as it is until the transaction ends: no file is listed meanwhile. $1 the hour.
SELECT (totals_pruned_at IS NOT NULL)::integer, (archive_pruned_at IS NOT NULL)::integer,
    (hourly_pruned_at IS NOT NULL)::integer, dirty::integer
FROM antenna.hour
WHERE hour = $1
FOR UPDATE
