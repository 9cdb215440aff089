-- The labels of the metrics that the hourly totals of an hour have whose files were removed: those that were on when all its
-- files were read. $1 the hour.
SELECT metric
FROM (SELECT unnest(metrics) AS metric, unnest(metrics_since) AS since FROM antenna.data_set) AS stored
WHERE since <= (SELECT batch_at AT TIME ZONE 'UTC' FROM antenna.hour WHERE hour = $1)
