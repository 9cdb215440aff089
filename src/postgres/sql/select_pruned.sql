-- What retention has removed of an hour: whether its window totals, its files, its hourly totals; and whether it is dirty. $1
-- the hour.
SELECT (totals_pruned_at IS NOT NULL)::integer, (archive_pruned_at IS NOT NULL)::integer,
    (hourly_pruned_at IS NOT NULL)::integer, dirty::integer
FROM antenna.hour
WHERE hour = $1
