-- The sums of an hour by kind of total. $1 the hour, $2 the labels. A row for each label, in their order: the sum of the
-- 5-minute totals, and that of the hourly ones; NULL where there is none.
SELECT speed.value, batch.value
FROM unnest($2::text[]) WITH ORDINALITY AS label (type, number)
LEFT JOIN (
    SELECT type, sum(value) AS value FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour' GROUP BY type
) AS speed USING (type)
LEFT JOIN (
    SELECT type, sum(value) AS value FROM :"bytes_hourly" WHERE date = $1 GROUP BY type
) AS batch USING (type)
ORDER BY label.number
