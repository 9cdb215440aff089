-- The sums of an hour by kind of total. $1 the hour, $2 the labels. A row for each label, in their order: the sum of the
-- window totals, and that of the hourly ones, NULL where there is none; and of a metric that is switched on whether the window
-- totals, and whether the hourly totals, have all of it, NULL for others.
SELECT speed.value, batch.value, (metric.whole_from <= $1 OR coalesce(metric.since <= rebuilt_at, false))::integer,
    (metric.since <= batch_at)::integer
FROM unnest($2::text[]) WITH ORDINALITY AS label (type, number)
LEFT JOIN (
    SELECT type, sum(value) AS value FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour' GROUP BY type
) AS speed USING (type)
LEFT JOIN (
    SELECT type, sum(value) AS value FROM :"bytes_hourly" WHERE date = $1 GROUP BY type
) AS batch USING (type)
LEFT JOIN (
    SELECT unnest(metrics) AS type, unnest(metrics_since) AS since, unnest(metrics_whole_from) AS whole_from
    FROM antenna.data_set
) AS metric USING (type)
LEFT JOIN (
    SELECT batch_at AT TIME ZONE 'UTC' AS batch_at, rebuilt_at AT TIME ZONE 'UTC' AS rebuilt_at
    FROM antenna.hour WHERE hour = $1
) AS known ON true
ORDER BY label.number
