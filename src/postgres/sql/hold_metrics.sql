-- The labels of the metrics that are switched on. Holds them as they are until the transaction ends.
SELECT metric
FROM (SELECT metrics FROM antenna.data_set FOR SHARE) AS data_set
CROSS JOIN unnest(metrics) AS metric
