-- The labels of the metrics that the hourly totals of an hour had when its files were removed. $1 the hour.
SELECT metric
FROM (SELECT unnest(metrics) AS metric, unnest(metrics_since) AS since FROM antenna.data_set) AS stored
WHERE since <= (SELECT archive_pruned_at AT TIME ZONE 'UTC' FROM antenna.hour WHERE hour = $1)
